import { decodeRouting, encodeRouting, type RoutingInput } from "../../../config/routing.ts";
import { filtersOf } from "../../../functions/filters/filters.ts";
import { readFrame } from "../../../functions/frame/read-frame.ts";
import { fanOut, type FanOutRules } from "../../../functions/message/fan-out.ts";
import { environmentOf } from "../../../functions/routing/environments.ts";
import { subscriptionsOf } from "../../../functions/routing/subscriptions.ts";
import { attribute } from "../../../functions/sessions/attribute.ts";
import { encodeChange, encodeFrame, type TableShape } from "../../../wire/frame.ts";
import { formatPosition, type PositionText } from "../../../wire/position.ts";
import type { BenchmarkRun } from "../benchmark.ts";
import { medianPair, type Pair } from "../pairs.ts";

type Filter = Pick<RoutingInput["subscribers"][string], "columns" | "where">;

const SOURCE = "shop";
const CHANGES = 2000;
const SUBSCRIBERS = 3;
/**
 * How many rounds are run. Each measures every kind of filter once, beside the same work without
 * the filters' code. The round with the median ratio counts.
 */
const ROUNDS = 31;

interface Kind {
  readonly filter: Filter;
  /**
   * Whether the frame contains its table's columns, as it does when some subscriber has `columns`.
   */
  readonly hasColumns?: true;
  /** Whether a subscriber without filters has this work. */
  readonly isUnfiltered?: true;
}

const KINDS: Readonly<Record<string, Kind>> = {
  "whole rows": { filter: {}, isUnfiltered: true },
  "whole rows, and the frame has columns for another subscriber": {
    filter: {},
    hasColumns: true,
    isUnfiltered: true,
  },
  "a condition that every row meets": { filter: { where: "total > 1 AND status = 'paid'" } },
  "a condition that no row meets": { filter: { where: "total > 1 AND status = 'void'" } },
  "a column left out": {
    filter: { columns: { exclude: ["shop.orders.note"] } },
    hasColumns: true,
  },
  "a column hashed": {
    filter: { columns: { mask: { "shop.orders.email": "hash" } } },
    hasColumns: true,
  },
};

/**
 * Measures the cost of filters in the route function: processor time per change to read a frame and
 * make three subscribers' messages from updates of rows with nine columns.
 */
export async function benchFilters({
  quick,
  signal,
  report,
  progress,
}: BenchmarkRun): Promise<void> {
  const without = workOf(frameText(false), null);
  const measured = Object.entries(KINDS).map(([name, { filter, hasColumns, isUnfiltered }]) => ({
    name,
    isUnfiltered,
    work: workOf(frameText(hasColumns === true), filter),
    pairs: [] as Pair[],
  }));
  const rounds = quick ? 5 : ROUNDS;
  for (let round = -2; round < rounds; round++) {
    signal.throwIfAborted();
    progress(`round ${round}`);
    for (const { work, pairs } of measured) {
      // Each of the two is the first one in half of the rounds.
      const isFirst = round % 2 === 0;
      const before = isFirst ? null : microsOf(without);
      const value = microsOf(work);
      // The first rounds are a warm-up.
      if (round >= 0) pairs.push({ value, beside: before ?? microsOf(without) });
      else if (before === null) microsOf(without);
    }
  }
  for (const { name, isUnfiltered, pairs } of measured) {
    const { value, beside } = medianPair(pairs);
    report({
      work: `${SUBSCRIBERS} subscribers`,
      name,
      value,
      unit: "µs/change",
      beside: { name: "no code of filters", value: beside },
      ...(isUnfiltered === true && { target: { atMost: 1.1 } }),
    });
  }
}

/** Reads a frame and makes its messages. `filter` null: no code of filters is called. */
function workOf(text: string, filter: Filter | null): () => void {
  const rules = rulesOf(filter);
  return () => {
    const frame = readFrame(text, SOURCE);
    const { authored } = attribute(frame, frame.changes, new Map(), rules.environmentOf);
    fanOut(frame, authored, rules);
  };
}

/** The processor time of the work, microseconds per change. */
function microsOf(work: () => void): number {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / CHANGES;
}

function rulesOf(
  filter: Filter | null,
): FanOutRules & Pick<Required<FanOutRules>, "environmentOf"> {
  const names = Array.from({ length: SUBSCRIBERS }, (_, index) => `subscriber-${index}`);
  const routing = decodeRouting(
    encodeRouting({
      environments: { production: { users: ["app"] } },
      subscribers: Object.fromEntries(
        names.map((name) => [name, { tables: ["shop.*"], ...filter }]),
      ),
    }),
  );
  return {
    environmentOf: environmentOf(routing),
    subscriptions: subscriptionsOf(SOURCE, routing),
    ...(filter !== null && { filters: filtersOf(routing, "a secret") }),
  };
}

const SHAPE: TableShape = {
  columns: [
    ["id", "bigint unsigned", false],
    ["customer", "bigint unsigned", false],
    ["email", "varchar(120)", false],
    ["status", "enum('open','paid')", false],
    ["total", "decimal(10,2)", false],
    ["currency", "char(3)", false],
    ["note", "text", true],
    ["created", "datetime", false],
    ["changed", "timestamp(6)", false],
  ],
  key: ["id"],
};

function position(n: number): PositionText {
  return formatPosition({ epoch: 1, file: 1, offset: n * 100, row: 0 });
}

function row(id: number): string {
  return JSON.stringify({
    id,
    customer: 4711,
    email: `customer${id}@example.com`,
    status: "paid",
    total: "129.90",
    currency: "EUR",
    note: "Leave it at the door, please, and ring twice.",
    created: "2026-11-20 19:05:00",
    changed: "2026-11-20T19:05:00.125000Z",
  });
}

function frameText(hasColumns: boolean): string {
  const lines = Array.from({ length: CHANGES }, (_, id) =>
    encodeChange({
      op: "u",
      transaction: 0,
      table: 0,
      offset: (id + 1) * 100,
      row: 0,
      n: id,
      key: JSON.stringify({ id }),
      oldKey: "",
      before: row(id),
      after: row(id),
    }),
  );
  return encodeFrame(
    {
      frame: 1,
      source: SOURCE,
      lane: 0,
      first: position(1),
      last: position(CHANGES),
      previous: null,
      server: "5441fac8-0000-0000-0000-000000000001",
      epoch: 1,
      transactions: [
        {
          gtid: null,
          file: "mysql-bin.000001",
          thread: 7,
          run: 1,
          serverId: 1,
          timestampMs: 1,
          author: 0,
        },
      ],
      tables: [hasColumns ? ["shop", "orders", SHAPE] : ["shop", "orders"]],
      authors: [{ user: "app", host: "10.0.0.1", attribution: "ledger" }],
    },
    lines.join("\n"),
  );
}
