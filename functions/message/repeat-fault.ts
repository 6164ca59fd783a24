import { MalformedFrameError } from "../../wire/frame.ts";
import type { Author } from "../../wire/session.ts";
import { NO_FILTERS } from "../filters/filters.ts";
import { readFrame, type PositionedChange, type PositionedFrame } from "../frame/read-frame.ts";
import { fanOut, type FanOutRules } from "./fan-out.ts";
import type { FrameShare, QueueFault } from "./outgoing-message.ts";

/**
 * The changes for which our own code threw an exception. Throws MalformedFrameError, and
 * BodyUnavailableError when they are sealed and cannot be opened.
 */
export function openFault(
  { frame }: Pick<QueueFault, "frame">,
  source: string,
  { filters = NO_FILTERS }: FanOutRules,
): PositionedFrame {
  return readFrame(filters.open(frame), source);
}

/**
 * Tries again to make one queue's messages from such changes: environment, message groups and
 * format are those that were chosen then. Null: the format leaves all of them out. Throws
 * MalformedFrameError.
 */
export function repeatFault(
  { subscription }: Pick<QueueFault, "subscription">,
  frame: PositionedFrame,
  rules: FanOutRules,
): FrameShare | null {
  const authored = frame.changes.map((change) => ({ change, author: authorOf(frame, change) }));
  const { queues } = fanOut(frame, authored, {
    ...rules,
    environmentOf: Object.assign(() => subscription.environment, { dependsOnHost: () => false }),
    subscriptions: {
      of: () => [subscription],
      everywhere: () => [subscription],
      pair: () => subscription,
      any: () => true,
      hasMessagePerChange: true,
    },
  });
  return queues[0] ?? null;
}

function authorOf({ transactions, authors }: PositionedFrame, change: PositionedChange): Author {
  const author = authors[transactions[change.transaction]?.author ?? -1];
  if (author === undefined) throw new MalformedFrameError("a parked change without its author");
  return author;
}
