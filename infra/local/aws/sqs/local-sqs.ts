import { jsonResponse, parseJsonCall, type JsonObject } from "../http/aws-json.ts";
import type {
  AwsCall,
  AwsError,
  AwsRequest,
  AwsResponse,
  AwsService,
} from "../http/aws-service.ts";
import type { Action, ActionContext } from "./actions/action.ts";
import * as acknowledge from "./actions/acknowledge.ts";
import * as moving from "./actions/move-tasks.ts";
import * as queueActions from "./actions/queues.ts";
import { receiveMessage } from "./actions/receive.ts";
import { sendMessage, sendMessageBatch } from "./actions/send.ts";
import { formOfError, SqsError } from "./errors.ts";
import { MoveTasks } from "./move-tasks.ts";
import { nameInUrl, Queues, type QueuesOptions } from "./queues.ts";

const ACTIONS: Readonly<Record<string, Action>> = {
  SendMessage: sendMessage,
  SendMessageBatch: sendMessageBatch,
  DeleteMessage: acknowledge.deleteMessage,
  DeleteMessageBatch: acknowledge.deleteMessageBatch,
  ChangeMessageVisibility: acknowledge.changeMessageVisibility,
  ChangeMessageVisibilityBatch: acknowledge.changeMessageVisibilityBatch,
  CreateQueue: queueActions.createQueue,
  GetQueueUrl: queueActions.getQueueUrl,
  ListQueues: queueActions.listQueues,
  DeleteQueue: queueActions.deleteQueue,
  PurgeQueue: queueActions.purgeQueue,
  GetQueueAttributes: queueActions.getQueueAttributes,
  SetQueueAttributes: queueActions.setQueueAttributes,
  ListDeadLetterSourceQueues: queueActions.listDeadLetterSourceQueues,
  TagQueue: queueActions.tagQueue,
  UntagQueue: queueActions.untagQueue,
  ListQueueTags: queueActions.listQueueTags,
  StartMessageMoveTask: moving.startMessageMoveTask,
  ListMessageMoveTasks: moving.listMessageMoveTasks,
  CancelMessageMoveTask: moving.cancelMessageMoveTask,
};

/** SQS in memory, in its JSON protocol. */
export class LocalSqs implements AwsService {
  readonly name = "sqs";
  readonly #queues: Queues;
  readonly #moveTasks: MoveTasks;

  constructor(options: QueuesOptions) {
    this.#queues = new Queues(options);
    this.#moveTasks = new MoveTasks(this.#queues);
  }

  open(request: AwsRequest): AwsCall {
    const { action, input = {} } = parseJsonCall(request);
    return {
      action,
      resource: queueNameOf(input),
      answer: (signal) => this.#answer(action, input, signal),
    };
  }

  refuse(error: AwsError): AwsResponse {
    const form = formOfError(error.code);
    const namespace = form?.namespace ?? "com.amazon.coral.service";
    const culprit = error.status < 500 ? "Sender" : "Receiver";
    return jsonResponse(
      "1.0",
      error.status,
      { __type: `${namespace}#${form?.type ?? error.code}`, message: error.message },
      { "x-amzn-query-error": `${form?.code ?? error.code};${culprit}` },
    );
  }

  async #answer(action: string, input: JsonObject, signal: AbortSignal): Promise<AwsResponse> {
    const context: ActionContext = { queues: this.#queues, moveTasks: this.#moveTasks, signal };
    try {
      if (action === "ReceiveMessage") {
        const { output, undelivered } = await receiveMessage(input, context);
        const response = jsonResponse("1.0", 200, output);
        return undelivered === undefined ? response : { ...response, undelivered };
      }
      const perform = ACTIONS[action];
      if (perform === undefined)
        throw new SqsError("InvalidAction", `this stand-in does not know ${action}`);
      return jsonResponse("1.0", 200, await perform(input, context));
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      const status = formOfError(error.error)?.status ?? 400;
      return this.refuse({ code: error.error, status, message: error.message });
    }
  }
}

/** The queue that a call concerns, by name, whether it exists or not. */
function queueNameOf(input: JsonObject): string | undefined {
  const { QueueUrl: url, QueueName: name, SourceArn: arn } = input;
  if (typeof url === "string") return nameInUrl(url);
  if (typeof name === "string") return name;
  return typeof arn === "string" ? arn.slice(arn.lastIndexOf(":") + 1) : undefined;
}
