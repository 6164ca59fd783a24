/**
 * The demonstration's application: `node application.ts SUBSCRIBER…`. What a real one would do, it
 * does with the same few lines: it subscribes, its environment comes from APP_ENV, and it tells its
 * parent what it received.
 */
import { subscribe } from "../../../client/subscribe.ts";
import { markOf, type Mark } from "./mark.ts";

/** What the application tells its parent: that it is ready, or that a change arrived. */
export type ApplicationMessage =
  | { readonly kind: "ready" }
  | {
      readonly kind: "received";
      readonly subscriber: string;
      readonly mark: Mark;
      readonly attribution: string;
      /** When its handler was called, milliseconds since 1970. */
      readonly atMs: number;
    };

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());

const subscriptions = await Promise.all(
  process.argv.slice(2).map((subscriber) =>
    subscribe(
      subscriber,
      (change) => {
        const mark = markOf(change);
        if (mark === undefined) return;
        const { attribution } = change;
        tell({ kind: "received", subscriber, mark, attribution, atMs: Date.now() });
      },
      { signal: stop.signal },
    ),
  ),
);
tell({ kind: "ready" });
await Promise.all(subscriptions.map(({ finished }) => finished));

function tell(message: ApplicationMessage): void {
  process.send?.(message);
}
