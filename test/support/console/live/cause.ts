import type { LiveStack } from "./live-stack.ts";

/** Something that happens to a running stack. */
export interface LiveCause {
  readonly name: string;
  /** The alarms that it rings and no other, by their short names. */
  readonly rings: readonly string[];
  /** Whether nothing reaches the canary's queue meanwhile, which rings an alarm besides. */
  readonly stopsAll?: true;
  readonly begin: (stack: LiveStack) => Promise<unknown> | void;
  readonly end: (stack: LiveStack) => Promise<unknown> | void;
}

export const RAW = "shop-raw.fifo";
/** As the template says. */
const RAW_VISIBILITY = "45";

/** Sends all processes of the reader a signal. */
export function signalAll(signal: NodeJS.Signals): (stack: LiveStack) => void {
  return (stack) => {
    for (const pid of stack.readerPids()) process.kill(pid, signal);
  };
}

/** SQS answers sends to a queue with AccessDenied. */
export function refuse({ aws }: LiveStack, queue: string): void {
  aws.faults.add({
    service: "sqs",
    action: "SendMessage*",
    resource: queue,
    effect: { kind: "error", code: "AccessDenied" },
  });
}

/** Frames that a function gave back come again at once, not after the template's time. */
export function comeAgainAtOnce(stack: LiveStack): Promise<void> {
  return stack.setRawQueue({ VisibilityTimeout: "1" });
}

export async function asBefore(stack: LiveStack): Promise<void> {
  await stack.setRawQueue({ VisibilityTimeout: RAW_VISIBILITY });
}
