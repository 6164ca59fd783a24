import type { Subscription, Subscriptions } from "../../functions/routing/subscriptions.ts";

/** Restricts subscriptions to those that `isChosen` accepts. */
export function only(
  subscriptions: Subscriptions,
  isChosen: (subscription: Subscription) => boolean,
): Subscriptions {
  return {
    ...subscriptions,
    of: (...asked) => subscriptions.of(...asked).filter(isChosen),
    everywhere: (...asked) => subscriptions.everywhere(...asked).filter(isChosen),
    pair: (...asked) => {
      const subscription = subscriptions.pair(...asked);
      return subscription !== null && isChosen(subscription) ? subscription : null;
    },
  };
}
