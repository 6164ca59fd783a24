import type { LiveStack } from "./live-stack.ts";

/** Something that can happen to a running stack. */
export interface LiveCause {
  readonly name: string;
  /** The short names of the alarms that ring; no other may ring. */
  readonly rings: readonly string[];
  /** Whether nothing reaches the canary's queue meanwhile; then the canary's alarm rings, too. */
  readonly stopsAll?: true;
  readonly begin: (stack: LiveStack) => Promise<unknown> | void;
  /** Called repeatedly until the alarms ring. */
  readonly meanwhile?: (stack: LiveStack) => Promise<unknown>;
  readonly end: (stack: LiveStack) => Promise<unknown> | void;
}

export const RAW = "shop-raw.fifo";
/** The raw queue's visibility timeout in the template, seconds. */
const RAW_VISIBILITY = "45";

/** Sends a signal to all processes of the reader. */
export function signalAll(signal: NodeJS.Signals): (stack: LiveStack) => void {
  return (stack) => {
    for (const pid of stack.readers.pids()) process.kill(pid, signal);
  };
}

/** Makes AWS answer calls of an action with AccessDenied. */
export function refuse(
  { aws }: LiveStack,
  service: "sqs" | "dynamodb",
  action: string,
  resource: string,
): void {
  aws.faults.add({ service, action, resource, effect: { kind: "error", code: "AccessDenied" } });
}

/** The number of messages in a queue that a consumer can receive. */
export function waiting(stack: LiveStack, name: string): number {
  return stack.aws.queues.all().find((view) => view.name === name)?.visible ?? 0;
}

/** Makes returned frames visible again after a second instead of the template's time. */
export function comeAgainAtOnce(stack: LiveStack): Promise<void> {
  return stack.setRawQueue({ VisibilityTimeout: "1" });
}

export async function asBefore(stack: LiveStack): Promise<void> {
  await stack.setRawQueue({ VisibilityTimeout: RAW_VISIBILITY });
}
