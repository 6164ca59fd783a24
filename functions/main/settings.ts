import { z } from "zod";
import { parseVariables } from "../ground/parse-variables.ts";
import { decodeRouting, type Routing } from "../../config/routing.ts";

/** What both functions are told by their environment variables; ARCHITECTURE.md lists them. */
export interface FunctionSettings {
  readonly source: string;
  readonly rawQueueUrl: string;
  readonly routing: Routing;
  readonly offsetsTable: string;
  readonly failuresTable: string;
  readonly sessionsTable: string;
  readonly payloadBucket: string;
  /** Null: no subscriber has `columns`. */
  readonly filterSecretArn: string | null;
  /**
   * How long route waits for each answer of a queue or a table, milliseconds. Null: for queues as
   * `RelativePatience` has it, for tables as `clientSettings` has it.
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
 * The settings in a set of environment variables. Throws FunctionSettingsError naming every
 * variable that is wrong.
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
