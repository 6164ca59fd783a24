import { MalformedFrameError } from "../../wire/decode-frame.ts";
import type { Author } from "../../wire/session.ts";
import type { PositionedChange, PositionedFrame } from "../frame/read-frame.ts";
import { fanOut, type FanOutRules } from "./fan-out.ts";
import type { KeptShare } from "./kept-changes.ts";
import type { FrameShare } from "./outgoing-message.ts";

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
  { subscription }: Pick<KeptShare, "subscription">,
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
