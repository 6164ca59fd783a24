import type { JsonObject } from "../../http/aws-json.ts";
import type { MoveTasks } from "../queues/move-tasks.ts";
import type { Queues } from "../queues/queues.ts";

export interface ActionContext {
  readonly queues: Queues;
  readonly moveTasks: MoveTasks;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

export interface ActionResult {
  readonly output: JsonObject;
  /** Called instead of sending the output when the client had gone before. */
  readonly undelivered?: () => void;
}

/** One action of the API. Throws SqsError. */
export type Action = (input: JsonObject, context: ActionContext) => JsonObject;
