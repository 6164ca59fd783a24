import * as z from "zod";
import { parseVariables } from "../ground/parse-variables.ts";

/** The canary's settings, from its environment variables, which ARCHITECTURE.md lists. */
export interface CanarySettings {
  readonly source: string;
  readonly host: string;
  readonly port: number;
  readonly tls: "verify" | "encrypt" | "off";
  /** The secret with `{ "username", "password" }` of the canary's account. */
  readonly secretArn: string;
  readonly queueUrl: string;
}

const variables = z.object({
  SOURCE_NAME: z.string().min(1),
  SOURCE_HOST: z.string().min(1),
  SOURCE_PORT: z.coerce.number().int().min(1).max(65_535),
  SOURCE_TLS: z.enum(["verify", "encrypt", "off"]),
  CANARY_SECRET_ARN: z.string().min(1),
  CANARY_QUEUE_URL: z.url(),
});

/** Parses the settings. Throws FunctionSettingsError, which names every invalid variable. */
export function parseCanarySettings(
  environment: Readonly<Record<string, string | undefined>>,
): CanarySettings {
  const value = parseVariables(variables, environment);
  return {
    source: value.SOURCE_NAME,
    host: value.SOURCE_HOST,
    port: value.SOURCE_PORT,
    tls: value.SOURCE_TLS,
    secretArn: value.CANARY_SECRET_ARN,
    queueUrl: value.CANARY_QUEUE_URL,
  };
}
