import { MalformedFrameError } from "../../wire/decode-frame.ts";
import type { Author } from "../../wire/session.ts";
import type { PositionedChange, PositionedFrame } from "../frame/read-frame.ts";
import type { Subscription, Subscriptions } from "../routing/subscriptions.ts";
import { fanOut, type FanOutRules } from "./fan-out.ts";
import type { KeptShare } from "./kept-changes.ts";
import type { FrameShare } from "./outgoing-message.ts";

/** The result of another attempt to make messages of changes on which the router failed. */
export interface RepeatedFault {
  /** Null when the format leaves all changes out, or when there is an error. */
  readonly share: FrameShare | null;
  /** Why the receivers of some changes could not be decided; see `FanOut.undecided`. */
  readonly error: string | undefined;
}

/**
 * Tries again to make one queue's messages of such changes, with the environment, the message
 * groups and the format of the first attempt. If the first attempt failed to decide whether the
 * queue gets the changes, this is decided now. Throws MalformedFrameError.
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
    hasQueue: () => true,
    any: () => true,
    hasMessagePerChange: true,
  };
}

/** Restricts subscriptions to one queue, with the settings of the first attempt. */
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
  if (author === undefined) throw new MalformedFrameError("a parked change has no author");
  return author;
}
