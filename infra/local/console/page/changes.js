import { ask, badge, h, table } from "./dom.js";
import { duration, preciseTime } from "./format.js";
import { bodyButton } from "./queues.js";

const OPERATIONS = { c: "insert", u: "update", d: "delete", t: "truncate", ddl: "definition" };

/** The latest changes, each with the times at which it reached each station. */
export async function changeList() {
  const changes = (await ask("/api/changes")) ?? [];
  return [
    h("h2", {}, "The way of the latest changes"),
    h(
      "p",
      { class: "soft" },
      "Each change is committed in MySQL, put into the environment's queue, then received and deleted by the application. Times count from the commit.",
    ),
    changes.length === 0
      ? h("p", { class: "card" }, "Nothing has been delivered yet.")
      : h(
          "div",
          { class: "card" },
          table(
            "The latest changes",
            [
              ["committed", ({ committedMs }) => preciseTime(committedMs)],
              ["change", ({ op, table: name }) => `${OPERATIONS[op] ?? op} ${name}`],
              ["author", ({ user }) => user],
              ["found by", ({ attribution }) => badge(attribution)],
              ["queue", ({ environment, subscriber }) => `${environment} / ${subscriber}`],
              ["in the queue", after("sentMs"), "number"],
              ["received", after("receivedMs"), "number"],
              ["deleted", after("deletedMs"), "number"],
              [
                "binlog",
                ({ place, gtid }) => h("span", { title: gtid ?? "" }, place),
                "line small",
              ],
              [
                "data",
                ({ queue, messageId: id, place }) =>
                  bodyButton("/api/body", { queue, id }, `the message with ${place} in ${queue}`),
              ],
            ],
            changes,
          ),
        ),
  ];
}

function after(field) {
  return (change) =>
    change[field] === null ? "–" : `+${duration(Math.max(0, change[field] - change.committedMs))}`;
}
