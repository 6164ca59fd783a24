import * as z from "zod";
import { parseVariables } from "../ground/parse-variables.ts";
import { decodeRouting, type Routing } from "../../config/routing.ts";

/** The settings of both functions, from environment variables, which ARCHITECTURE.md lists. */
export interface FunctionSettings {
  readonly source: string;
  readonly rawQueueUrl: string;
  readonly routing: Routing;
  readonly offsetsTable: string;
  readonly failuresTable: string;
  readonly sessionsTable: string;
  readonly payloadBucket: string;
  /** Null when no subscriber has `columns`. */
  readonly filterSecretArn: string | null;
  /**
   * How long the route function waits for each response of a queue or table, milliseconds. Null for
   * the defaults: `RelativePatience` for queues, `clientSettings` for tables.
   */
  readonly patienceMs: number | null;
}

const variables = z.object({
  SOURCE_NAME: z.string().min(1),
  RAW_QUEUE_URL: z.url(),
  ROUTING: z.string().transform((text, context): Routing => {
    try {
      return decodeRouting(text);
    } catch (error) {
      context.addIssue(error instanceof Error ? error.message : "unreadable");
      return z.NEVER;
    }
  }),
  OFFSETS_TABLE: z.string().min(1),
  FAILURES_TABLE: z.string().min(1),
  SESSIONS_TABLE: z.string().min(1),
  PAYLOAD_BUCKET: z.string().min(1),
  FILTER_SECRET_ARN: z.string().min(1).optional(),
  PATIENCE_MS: z.coerce.number().int().positive().optional(),
});

/**
 * Parses the settings. Throws FunctionSettingsError, which names every invalid variable.
 */
export function parseFunctionSettings(
  environment: Readonly<Record<string, string | undefined>>,
): FunctionSettings {
  const value = parseVariables(variables, environment);
  return {
    source: value.SOURCE_NAME,
    rawQueueUrl: value.RAW_QUEUE_URL,
    routing: value.ROUTING,
    offsetsTable: value.OFFSETS_TABLE,
    failuresTable: value.FAILURES_TABLE,
    sessionsTable: value.SESSIONS_TABLE,
    payloadBucket: value.PAYLOAD_BUCKET,
    filterSecretArn: value.FILTER_SECRET_ARN ?? null,
    patienceMs: value.PATIENCE_MS ?? null,
  };
}
