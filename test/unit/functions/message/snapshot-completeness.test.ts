import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { expect, test } from "vitest";
import { SnapshotProgress, type SnapshotTable } from "../../../../client/index.ts";
import type { RoutingInput } from "../../../../config/routing.ts";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { encodeChange, encodeFrame } from "../../../../wire/frame.ts";
import { decodeMessage, type EnvironmentMessage } from "../../../../wire/message.ts";
import { formatPosition } from "../../../../wire/position.ts";
import { messagesIn } from "../../../support/functions/messages-in.ts";
import { sharesOf } from "../../../support/functions/shares-of.ts";

type Change = EnvironmentMessage["changes"][number];

const SEED = Number(process.env["SNAPSHOT_END_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seed ${SEED}: SNAPSHOT_END_SEED=${SEED} draws the same order of messages`);

const TARGET = { id: "one", subscriber: "search", environment: "staging" };
const ROWS = { "shop.items": 20, "shop.orders": 30 } as const;

const at = (row: number): string => formatPosition({ epoch: 1, file: 3, offset: 900, row });

/** A frame with the rows and marks of two tables. */
function frame(): string {
  const lines: string[] = [];
  const add = (table: number, op: "r" | "snapshot", key: string, after: string): void => {
    const place = { transaction: 0, table, offset: 900, row: lines.length, n: 1 };
    lines.push(encodeChange({ op, ...place, key, oldKey: "", before: "", after }));
  };
  Object.values(ROWS).forEach((rows, table) => {
    add(table, "snapshot", "", '{"state":"started"}');
    for (let id = 0; id < rows; id++) add(table, "r", `{"id":${id}}`, `{"id":${id}}`);
    const whole = table === 1 ? ',"whole":true,"tables":2' : "";
    add(table, "snapshot", "", `{"state":"complete","rows":${rows}${whole}}`);
  });
  return encodeFrame(
    {
      frame: 1,
      source: "shop",
      lane: 0,
      first: at(0),
      last: at(lines.length - 1),
      previous: null,
      server: "5441fac8-0000-4000-8000-000000000001",
      epoch: 1,
      transactions: [
        {
          thread: 0,
          run: 0,
          serverId: 1,
          file: "mysql-bin.000003",
          gtid: null,
          timestampMs: 2,
          author: 0,
        },
      ],
      tables: [
        ["shop", "items"],
        ["shop", "orders"],
      ],
      authors: [{ user: "", host: "", attribution: "snapshot", snapshot: TARGET }],
    },
    lines.join("\n"),
  );
}

/** The messages of the frame by group, in the order of each group. */
function messagesByGroup(grouping: object): (readonly Change[])[][] {
  const subscribers = {
    search: { tables: ["shop.*"], ...grouping },
  } as RoutingInput["subscribers"];
  const environments = { staging: { users: ["app_staging"] } };
  const shares = sharesOf(readFrame(frame(), "shop"), { environments, subscribers });
  const messages = messagesIn(shares).map(({ body }) => decodeMessage(String(body)));
  return [...Map.groupBy(messages, ({ group }) => group).values()].map((list) =>
    list.map(({ changes }) => [...changes]),
  );
}

test.for([
  ["table", { groupBy: "table" }],
  ["source", { groupBy: "source" }],
  ["key", { groupBy: "key" }],
  ["key in 4 buckets", { groupBy: "key", keyBuckets: 4 }],
] as const)(
  "with groupBy %s it is known when a table's and all rows are handled, with repeats and a dead letter",
  async ([, grouping]) => {
    const random = new SeededRandom(SEED);
    for (let round = 0; round < 10; round++) {
      const groups = messagesByGroup(grouping);
      const progress = new SnapshotProgress();
      const handled = new Map<string, Set<string>>();
      const isComplete = (table: keyof typeof ROWS): boolean =>
        // All rows, and the mark behind them.
        handled.get(table)?.size === ROWS[table] + 1;
      let last: SnapshotTable | null = null;
      const handle = async (changes: readonly Change[]): Promise<void> => {
        for (const change of changes) {
          const table = change.snapshot?.table as keyof typeof ROWS;
          const isStart = change.snapshot?.state === "started";
          if (!isStart) handled.set(table, (handled.get(table) ?? new Set()).add(change.id));
          const whole = isComplete("shop.items") && isComplete("shop.orders");
          const expected =
            isComplete(table) && !isStart
              ? { snapshot: "one", table, rows: ROWS[table], whole }
              : null;
          last = await progress.handled(change);
          expect(last).toEqual(expected);
        }
      };
      let dead: readonly Change[] | null = null;
      while (groups.length > 0) {
        const chosen = random.below(groups.length);
        const message = groups[chosen]?.shift();
        if (message === undefined) groups.splice(chosen, 1);
        else if (dead === null && message.some(({ op }) => op === "r") && random.chance(0.2))
          dead = message;
        else for (let times = random.chance(0.3) ? 2 : 1; times > 0; times--) await handle(message);
      }
      if (dead !== null) {
        expect(isComplete("shop.items") && isComplete("shop.orders")).toBe(false);
        // An operator moves it back to the queue.
        await handle(dead);
        expect(isComplete("shop.items") && isComplete("shop.orders")).toBe(true);
      }
    }
  },
);
