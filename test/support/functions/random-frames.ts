import * as fc from "fast-check";
import {
  encodeChange,
  encodeFrame,
  FRAME_VERSION,
  type FrameChange,
  type FrameTransaction,
} from "../../../wire/frame.ts";
import { formatPosition } from "../../../wire/position.ts";
import type { Author } from "../../../wire/session.ts";
import { SERVER, SOURCE } from "./frames.ts";

/** The subscriber and environment that get every change of a random frame, also its snapshots'. */
export const RANDOM_PAIR = { subscriber: "billing", environment: "production" };
/** The users of that environment. */
export const RANDOM_USERS = ["app*"];

const SNAPSHOT: Author = {
  user: "",
  host: "",
  attribution: "snapshot",
  snapshot: { id: "20261128-101500-3f2a", ...RANDOM_PAIR },
};

/** The second one equals the first one, as in a frame that was put together from others. */
const AUTHORS: readonly Author[] = [
  { user: "app", host: "10.0.0.1", attribution: "ledger" },
  { user: "app", host: "10.0.0.1", attribution: "ledger" },
  { user: "app", host: "10.0.0.2", attribution: "ledger" },
  { user: "app", host: "10.0.0.1", attribution: "tag" },
  { user: 'app "é\uFFFE', host: "", attribution: "tag" },
  { user: "", host: "", attribution: "server" },
  SNAPSHOT,
];

const TABLES: readonly (readonly [string, string])[] = [
  ["shop", "orders"],
  ["shop", "items"],
  ["shop 2", "orders"],
  ["shop", '"é\uFFFF'],
];

const drawnChange = fc.record({
  op: fc.constantFrom("c", "c", "c", "u", "d", "t", "ddl"),
  table: fc.constantFrom(0, 0, 0, 1, 2, 3),
  isNewEvent: fc.boolean(),
  hasKey: fc.constantFrom(true, true, false),
  movesKey: fc.boolean(),
  text: fc.constantFrom("", "x", '"é😀\uFFFE', "/1"),
});

const drawnTransaction = fc.record({
  hasGtid: fc.constantFrom(true, true, true, false),
  beginsFile: fc.constantFrom(false, false, true),
  thread: fc.constantFrom(7, 7, 8),
  serverId: fc.constantFrom(1, 1, 2),
  timestampMs: fc.constantFrom(1_795_190_000_000, 1_795_190_000_001),
  author: fc.nat({ max: AUTHORS.length - 1 }),
  changes: fc.array(drawnChange, { minLength: 1, maxLength: 5 }),
});

/** A frame's text, with operations, tables, authors and transactions of every kind. */
export const randomFrame = fc
  .array(drawnTransaction, { minLength: 1, maxLength: 8 })
  .map((drawn) => {
    const place = { epoch: 1, file: 1, offset: 100, row: 0 };
    const positions: string[] = [];
    const transactions: FrameTransaction[] = [];
    const lines = drawn.flatMap(({ hasGtid, beginsFile, changes, ...rest }, transaction) => {
      const isSnapshot = AUTHORS[rest.author] === SNAPSHOT;
      if (beginsFile) place.file++;
      transactions.push({
        ...rest,
        gtid: hasGtid && !isSnapshot ? `${SERVER}:${transaction + 1}` : null,
        file: `mysql-bin.${String(place.file).padStart(6, "0")}`,
        run: 1,
      });
      place.offset += 100;
      return changes.map((change, n) => {
        if (change.isNewEvent) place.offset += 10;
        place.row = n;
        positions.push(formatPosition(place));
        const { offset, row } = place;
        const ready = isSnapshot ? snapshotLine(change, n) : rowLine(change, n);
        return encodeChange({ ...ready, transaction, table: change.table, offset, row, n });
      });
    });
    const header = {
      frame: FRAME_VERSION,
      source: SOURCE,
      lane: 0,
      first: positions[0] ?? "",
      last: positions.at(-1) ?? "",
      previous: null,
      server: SERVER,
      epoch: 1,
      transactions,
      tables: TABLES,
      authors: AUTHORS,
    } as const;
    return encodeFrame(header, lines.join("\n"));
  });

type Drawn = typeof drawnChange extends fc.Arbitrary<infer Value> ? Value : never;
type Line = Pick<FrameChange, "op" | "key" | "oldKey" | "before" | "after">;

function rowLine({ op, hasKey, movesKey, text }: Drawn, n: number): Line {
  const image = JSON.stringify({ id: n, text });
  const key = hasKey ? JSON.stringify({ id: n }) : "";
  const none = { key: "", oldKey: "", before: "", after: "" };
  switch (op) {
    case "c":
      return { ...none, op, key, after: image };
    case "d":
      return { ...none, op, key, before: image };
    case "u": {
      const oldKey = hasKey && movesKey ? JSON.stringify({ id: n + 1 }) : "";
      return { op, key, oldKey, before: image, after: image };
    }
    case "ddl":
      return { ...none, op, after: JSON.stringify(`ALTER TABLE ${text}`) };
    default:
      return { ...none, op: "t" };
  }
}

function snapshotLine({ op, hasKey, text }: Drawn, n: number): Line {
  const none = { key: "", oldKey: "", before: "", after: "" };
  if (op !== "c") {
    return { ...none, op: "snapshot", after: '{"state":"complete","rows":2,"whole":true}' };
  }
  const key = hasKey ? JSON.stringify({ id: n }) : "";
  return { ...none, op: "r", key, after: JSON.stringify({ id: n, text }) };
}
