import type { JsonObject } from "../http/aws-json.ts";
import type {
  AwsCall,
  AwsError,
  AwsRequest,
  AwsResponse,
  AwsService,
  CallContext,
} from "../http/aws-service.ts";
import type { Action } from "./actions/action.ts";
import * as acknowledge from "./actions/acknowledge.ts";
import * as moving from "./actions/move-tasks.ts";
import * as queueActions from "./actions/queues.ts";
import { receiveMessage } from "./actions/receive.ts";
import { sendMessage, sendMessageBatch } from "./actions/send.ts";
import { formOfError, SqsError } from "./queues/errors.ts";
import { jsonProtocol } from "./protocols/json-protocol.ts";
import { MoveTasks } from "./queues/move-tasks.ts";
import { failureOf, type Protocol } from "./protocols/protocol.ts";
import { QueueInspector } from "./queue-inspector.ts";
import { queryProtocol } from "./protocols/query-protocol.ts";
import { nameInUrl, Queues, type QueuesOptions } from "./queues/queues.ts";

const ACTIONS: Readonly<Record<string, Action>> = {
  SendMessage: sendMessage,
  SendMessageBatch: sendMessageBatch,
  ReceiveMessage: receiveMessage,
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

/** SQS in memory or in a file, with both of its protocols. */
export class LocalSqs implements AwsService {
  readonly name = "sqs";
  readonly inspector: QueueInspector;
  readonly #queues: Queues;
  readonly #moveTasks: MoveTasks;

  constructor(options: QueuesOptions) {
    this.#queues = new Queues(options);
    this.inspector = new QueueInspector(this.#queues);
    this.#moveTasks = new MoveTasks(this.#queues);
  }

  open(request: AwsRequest): AwsCall {
    const protocol = protocolOf(request);
    const { action, input } = protocol.parse(request);
    const refuse = (error: AwsError): AwsResponse => protocol.fail(failureOf(error));
    return {
      action,
      resource: queueNameOf(input),
      refuse,
      answer: async (context) => {
        try {
          return protocol.succeed(action, await this.#perform(action, input, context));
        } catch (error) {
          if (!(error instanceof SqsError)) throw error;
          const status = formOfError(error.error)?.status ?? 400;
          return refuse({ code: error.error, status, message: error.message });
        }
      },
    };
  }

  #perform(
    action: string,
    input: JsonObject,
    context: CallContext,
  ): JsonObject | Promise<JsonObject> {
    const perform = ACTIONS[action];
    if (perform === undefined)
      throw new SqsError("InvalidAction", `this stand-in does not support ${action}`);
    return perform(input, { ...context, queues: this.#queues, moveTasks: this.#moveTasks });
  }
}

function protocolOf(request: AwsRequest): Protocol {
  return request.headers["x-amz-target"] === undefined ? queryProtocol : jsonProtocol;
}

/** The name of the queue that a call concerns; the queue need not exist. */
function queueNameOf(input: JsonObject): string | undefined {
  const { QueueUrl: url, QueueName: name, SourceArn: arn } = input;
  if (typeof url === "string") return nameInUrl(url);
  if (typeof name === "string") return name;
  return typeof arn === "string" ? arn.slice(arn.lastIndexOf(":") + 1) : undefined;
}
