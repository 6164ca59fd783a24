import { textOf, type JsonObject } from "../../http/aws-json.ts";
import { SqsError } from "../queues/errors.ts";
import { optionalInteger, requiredText } from "./input.ts";
import { formatTaskHandle, type MoveTask } from "../queues/move-tasks.ts";
import type { Queue } from "../queues/queue.ts";
import type { Queues } from "../queues/queues.ts";
import type { Action } from "./action.ts";

export const startMessageMoveTask: Action = (input, { queues, moveTasks }) => {
  const task = moveTasks.start(
    sourceQueue(queues, input),
    textOf(input, "DestinationArn"),
    optionalInteger(input, "MaxNumberOfMessagesPerSecond", 1, 500),
  );
  return { TaskHandle: formatTaskHandle(task) };
};

export const listMessageMoveTasks: Action = (input, { queues, moveTasks }) => {
  const most = optionalInteger(input, "MaxResults", 1, 10) ?? 1;
  const source = sourceQueue(queues, input);
  return { Results: moveTasks.of(source.arn).slice(0, most).map(describe) };
};

export const cancelMessageMoveTask: Action = (input, { moveTasks }) => ({
  ApproximateNumberOfMessagesMoved: moveTasks.cancel(requiredText(input, "TaskHandle")).moved,
});

function sourceQueue(queues: Queues, input: JsonObject): Queue {
  const queue = queues.findByArn(requiredText(input, "SourceArn"));
  if (queue !== undefined) return queue;
  throw new SqsError(
    "ResourceNotFoundException",
    "The resource that you specified for the SourceArn parameter doesn't exist.",
  );
}

/** SQS returns a task's handle only while the task can be cancelled. */
function describe(task: MoveTask): JsonObject {
  return {
    ...(task.status === "RUNNING" ? { TaskHandle: formatTaskHandle(task) } : {}),
    Status: task.status,
    SourceArn: task.sourceArn,
    ...(task.destinationArn === undefined ? {} : { DestinationArn: task.destinationArn }),
    ...(task.perSecond === undefined ? {} : { MaxNumberOfMessagesPerSecond: task.perSecond }),
    ApproximateNumberOfMessagesMoved: task.moved,
    ApproximateNumberOfMessagesToMove: task.toMove,
    ...(task.failureReason === undefined ? {} : { FailureReason: task.failureReason }),
    StartedTimestamp: task.startedMs,
  };
}
