import { MalformedFrameError } from "../../wire/frame.ts";
import type { Author } from "../../wire/session.ts";
import { NO_FILTERS } from "../filters/filters.ts";
import { readFrame, type PositionedChange, type PositionedFrame } from "../frame/read-frame.ts";
import { fanOut, type FanOutRules } from "./fan-out.ts";
import type { FrameShare, QueueFault } from "./outgoing-message.ts";

/**
 * Tries again to make one queue's messages from changes for which our own code threw an exception: environment, message
 * groups and format are those that were chosen then. Null: the format leaves all of them out. Throws MalformedFrameError, and
 * BodyUnavailableError when the changes are sealed and cannot be opened.
 */
export function repeatFault(
  { subscription, frame: text }: Pick<QueueFault, "subscription" | "frame">,
  source: string,
  rules: FanOutRules,
): FrameShare | null {
  const { filters = NO_FILTERS } = rules;
  const frame = readFrame(filters.open(text), source);
  const authored = frame.changes.map((change) => ({ change, author: authorOf(frame, change) }));
  const { queues } = fanOut(frame, authored, {
    ...rules,
    environmentOf: Object.assign(() => subscription.environment, { dependsOnHost: () => false }),
    subscriptions: {
      of: () => [subscription],
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
