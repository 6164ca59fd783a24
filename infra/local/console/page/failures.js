import { badge, h, table } from "./dom.js";
import { clockTime, count } from "./format.js";
import { bodyButton } from "./queues.js";

/** How many streams are listed at most; `npm run failures -- list` lists all. */
const MOST = 50;

/** The parked changes by stream. */
export function failureList({ facts }) {
  const { streams, error: problem } = facts.failures;
  if (problem !== undefined) {
    return [
      h("h2", {}, "Failure records"),
      h("p", { class: "card trouble" }, `The failure records cannot be read: ${problem}`),
    ];
  }
  return [
    h(
      "h2",
      {},
      streams.length > MOST
        ? `Failure records: the first ${MOST} of ${streams.length} streams`
        : "Failure records",
    ),
    h(
      "p",
      { class: "soft" },
      "Changes that could not be delivered wait here in order, and the retry function tries them again. ",
      h("code", {}, "npm run failures -- list"),
      " shows the same list; its other subcommands act on the streams.",
    ),
    streams.length === 0
      ? h("p", { class: "card" }, "Nothing is parked.")
      : h(
          "div",
          { class: "card" },
          table(
            "Streams with failure records",
            [
              ["stream", ({ stream }) => stream, "wrap"],
              ["reason", ({ reason }) => badge(reason, "trouble")],
              ["changes", ({ changes }) => count(changes), "number"],
              ["since", ({ parkedAt }) => clockTime(parkedAt)],
              ["attempts", ({ attempts }) => count(attempts), "number"],
              ["next", nextAttempt],
              ["error", ({ error }) => error || "–", "wrap"],
              ["data", ({ stream }) => bodyButton("/api/record", { stream }, stream)],
            ],
            streams.toSorted(inOrder).slice(0, MOST),
          ),
        ),
  ];
}

/** Streams that were given up come first, then those that have waited longest. */
function inOrder(one, other) {
  return other.isGivenUp - one.isGivenUp || one.parkedAt - other.parkedAt;
}

function nextAttempt({ isGivenUp, nextAttemptAt }) {
  if (isGivenUp) return badge("given up", "stopped");
  return nextAttemptAt === null ? "–" : clockTime(nextAttemptAt);
}
