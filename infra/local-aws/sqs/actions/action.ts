import type { JsonObject } from "../../http/aws-json.ts";
import type { CallContext } from "../../http/aws-service.ts";
import type { MoveTasks } from "../queues/move-tasks.ts";
import type { Queues } from "../queues/queues.ts";

interface ActionContext extends CallContext {
  readonly queues: Queues;
  readonly moveTasks: MoveTasks;
}

/** One action of the API. Throws SqsError. */
export type Action = (
  input: JsonObject,
  context: ActionContext,
) => JsonObject | Promise<JsonObject>;
