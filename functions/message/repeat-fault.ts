import { BodyUnavailableError } from "../ground/errors.ts";
import { MalformedFrameError } from "../../wire/frame.ts";
import type { Author } from "../../wire/session.ts";
import { NO_FILTERS } from "../filters/filters.ts";
import { readFrame, type PositionedChange, type PositionedFrame } from "../frame/read-frame.ts";
import { fanOut, type FanOutRules } from "./fan-out.ts";
import type { FrameShare, QueueFault } from "./outgoing-message.ts";

/**
 * The changes for which our own code threw an exception. Throws MalformedFrameError, and
 * BodyUnavailableError when they are sealed and cannot be opened, or the configuration no longer
 * says what their subscriber must not see.
 */
export function openFault(
  { frame, subscription: { subscriber } }: Pick<QueueFault, "frame" | "subscription">,
  source: string,
  { filters = NO_FILTERS }: FanOutRules,
): PositionedFrame {
  const opened = filters.open(frame);
  if (opened !== frame && !filters.knows(subscriber)) {
    throw new BodyUnavailableError(
      `the record's columns cannot be masked: the configuration has no subscriber ${subscriber} any more. Configure it again, or discard the record`,
    );
  }
  return readFrame(opened, source);
}

/** What became of changes for which our own code had thrown an exception. */
export interface RepeatedFault {
  /** Null: the format leaves all of them out, unless there is an error. */
  readonly share: FrameShare | null;
  /** Why it is not even decided who gets some of them, see `FanOut.undecided`. */
  readonly error: string | undefined;
}

/**
 * Tries again to make one queue's messages from such changes: environment, message groups and
 * format are those that were chosen then. Throws MalformedFrameError.
 */
export function repeatFault(
  { subscription }: Pick<QueueFault, "subscription">,
  frame: PositionedFrame,
  rules: FanOutRules,
): RepeatedFault {
  const authored = frame.changes.map((change) => ({ change, author: authorOf(frame, change) }));
  const { queues, undecided } = fanOut(frame, authored, {
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
  return { share: queues[0] ?? null, error: undecided?.error };
}

function authorOf({ transactions, authors }: PositionedFrame, change: PositionedChange): Author {
  const author = authors[transactions[change.transaction]?.author ?? -1];
  if (author === undefined) throw new MalformedFrameError("a parked change without its author");
  return author;
}
