import { randomUUID } from "node:crypto";
import { invalidParameter, SqsError } from "./errors.ts";
import type { Queue } from "./queue.ts";
import type { Queues } from "./queues.ts";

export interface MoveTask {
  readonly id: string;
  readonly sourceArn: string;
  /** Undefined: each message returns to the queue from which it came. */
  readonly destinationArn: string | undefined;
  readonly perSecond: number | undefined;
  readonly startedMs: number;
  readonly toMove: number;
  moved: number;
  status: "RUNNING" | "COMPLETED" | "CANCELLED" | "FAILED";
  failureReason?: string;
  cancelAlarm?: () => void;
}

/** SQS does not document its default pace; this is the highest that it allows. */
const FASTEST_PER_SECOND = 500;
const TASKS_REMEMBERED = 10;

/** Moves messages out of dead-letter queues. */
export class MoveTasks {
  readonly #queues: Queues;
  readonly #tasks = new Map<string, MoveTask[]>();

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  /** Starts a task. Throws SqsError. */
  start(
    source: Queue,
    destinationArn: string | undefined,
    perSecond: number | undefined,
  ): MoveTask {
    if (this.#queues.deadLetterSources(source).length === 0) {
      throw new SqsError(
        "InvalidParameterValue",
        "Source queue must be configured as a Dead Letter Queue.",
      );
    }
    if (destinationArn !== undefined) this.#checkDestination(source, destinationArn);
    const tasks = this.of(source.arn);
    if (tasks.some(({ status }) => status === "RUNNING")) {
      throw new SqsError(
        "InvalidParameterValue",
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
      );
    }
    const task: MoveTask = {
      id: randomUUID(),
      sourceArn: source.arn,
      destinationArn,
      perSecond,
      startedMs: this.#queues.clock.now(),
      toMove: source.counts.visible,
      moved: 0,
      status: "RUNNING",
    };
    this.#tasks.set(source.arn, [task, ...tasks].slice(0, TASKS_REMEMBERED));
    this.#moveSome(task);
    return task;
  }

  /** The tasks of a source queue, newest first. */
  of(sourceArn: string): readonly MoveTask[] {
    return this.#tasks.get(sourceArn) ?? [];
  }

  /** Stops a running task. Throws SqsError. */
  cancel(handle: string): MoveTask {
    const [id, sourceArn] = parseTaskHandle(handle);
    const task = this.of(sourceArn).find((candidate) => candidate.id === id);
    if (task?.status !== "RUNNING")
      throw new SqsError("ResourceNotFoundException", "Task does not exist.");
    task.cancelAlarm?.();
    task.status = "CANCELLED";
    return task;
  }

  /** Moves a second's share, then waits for the next second. */
  #moveSome(task: MoveTask): void {
    for (let share = task.perSecond ?? FASTEST_PER_SECOND; share > 0; share--) {
      const source = this.#queues.findByArn(task.sourceArn);
      const destination = (message: { deadLetterSource: string | undefined }) =>
        this.#queues.findByArn(task.destinationArn ?? message.deadLetterSource ?? "");
      const outcome = source === undefined ? "gone" : source.moveOne(destination);
      if (outcome === "moved") {
        task.moved++;
        continue;
      }
      task.status = outcome === "gone" ? "FAILED" : "COMPLETED";
      if (outcome === "gone") task.failureReason = "AWS.SimpleQueueService.NonExistentQueue";
      return;
    }
    const next = this.#queues.clock.now() + 1000;
    task.cancelAlarm = this.#queues.clock.at(next, () => this.#moveSome(task));
  }

  #checkDestination(source: Queue, arn: string): void {
    const destination = this.#queues.findByArn(arn);
    if (destination === undefined) {
      throw new SqsError(
        "ResourceNotFoundException",
        "The resource that you specified for the DestinationArn parameter doesn't exist.",
      );
    }
    if (destination.fifo !== source.fifo || destination === source) {
      throw invalidParameter(
        "DestinationArn",
        arn,
        "It must be another queue of the same type as the source.",
      );
    }
  }
}

export function formatTaskHandle(task: MoveTask): string {
  return Buffer.from(JSON.stringify([task.id, task.sourceArn])).toString("base64");
}

function parseTaskHandle(handle: string): [id: string, sourceArn: string] {
  try {
    const [id, sourceArn] = JSON.parse(Buffer.from(handle, "base64").toString()) as unknown[];
    return [String(id), String(sourceArn)];
  } catch {
    throw new SqsError("InvalidParameterValue", "Value for parameter TaskHandle is invalid.");
  }
}
