import { MalformedFrameError } from "../../wire/decode-frame.ts";
import type { Author } from "../../wire/session.ts";
import type { PositionedChange, PositionedFrame } from "../frame/read-frame.ts";
import type { Subscription, Subscriptions } from "../routing/subscriptions.ts";
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
 * format are those that were chosen then. Whether the queue gets a change is decided now where it
 * was not then. Throws MalformedFrameError.
 */
export function repeatFault(
  kept: Pick<KeptShare, "subscription" | "isUndecided">,
  frame: PositionedFrame,
  rules: FanOutRules,
): RepeatedFault {
  const { environment } = kept.subscription;
  const authored = frame.changes.map((change) => ({ change, author: authorOf(frame, change) }));
  const { queues, undecided } = fanOut(frame, authored, {
    ...rules,
    environmentOf: Object.assign(() => environment, { dependsOnHost: () => false }),
    subscriptions: kept.isUndecided
      ? ofQueue(kept.subscription, rules.subscriptions)
      : always(kept.subscription),
  });
  return { share: queues[0] ?? null, error: undecided?.error };
}

function always(subscription: Subscription): Subscriptions {
  return {
    of: () => [subscription],
    everywhere: () => [subscription],
    pair: () => subscription,
    any: () => true,
    hasMessagePerChange: true,
  };
}

/** Those of one queue, with the settings that were chosen for it. */
function ofQueue(subscription: Subscription, subscriptions: Subscriptions): Subscriptions {
  const { undecided: _, ...chosen } = subscription;
  const choose = (answer: readonly Subscription[]): Subscription[] =>
    answer
      .filter(({ queueName }) => queueName === chosen.queueName)
      .map(({ undecided }) => ({ ...chosen, ...(undecided !== undefined && { undecided }) }));
  return {
    ...subscriptions,
    of: (...asked) => choose(subscriptions.of(...asked)),
    everywhere: (...asked) => choose(subscriptions.everywhere(...asked)),
    pair: (...asked) => {
      const answer = subscriptions.pair(...asked);
      return answer === null ? null : (choose([answer])[0] ?? null);
    },
  };
}

function authorOf({ transactions, authors }: PositionedFrame, change: PositionedChange): Author {
  const author = authors[transactions[change.transaction]?.author ?? -1];
  if (author === undefined) throw new MalformedFrameError("a parked change without its author");
  return author;
}
