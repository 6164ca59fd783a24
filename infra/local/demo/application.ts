/**
 * The demonstration's application: `node application.ts SUBSCRIBER…`. It subscribes with the same
 * few lines as a real application and takes its environment from APP_ENV. It reports what it
 * receives to its parent process.
 */
import { subscribe } from "../../../client/subscribe.ts";
import { markOf, type Mark } from "./mark.ts";

/** A message to the parent: the application is ready, or it received a change. */
export type ApplicationMessage =
  | { readonly kind: "ready" }
  | {
      readonly kind: "received";
      readonly subscriber: string;
      readonly mark: Mark;
      readonly attribution: string;
      /** When the handler was called, milliseconds since 1970. */
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
