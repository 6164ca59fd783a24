import { decodeRouting, encodeRouting, type RoutingInput } from "../../../config/routing.ts";
import { filtersOf } from "../../../functions/filters/filters.ts";
import { readFrame } from "../../../functions/frame/read-frame.ts";
import { fanOut, type FanOutRules } from "../../../functions/message/fan-out.ts";
import { environmentOf } from "../../../functions/routing/environments.ts";
import { subscriptionsOf } from "../../../functions/routing/subscriptions.ts";
import { attribute } from "../../../functions/sessions/attribute.ts";
import { encodeChange, encodeFrame } from "../../../wire/frame.ts";
import { formatPosition, type PositionText } from "../../../wire/position.ts";
import type { BenchmarkRun } from "../benchmark.ts";

type Filter = Pick<RoutingInput["subscribers"][string], "columns" | "where">;

const SOURCE = "shop";
const CHANGES = 2000;
const SUBSCRIBERS = 3;
/** How many rounds are run, each of which measures every kind of filter once; the median counts. */
const ROUNDS = 31;

const WHOLE_ROWS = "whole rows";

/** The kinds of filters. The others are compared with the first; null: no filter code is called. */
const KINDS: Readonly<Record<string, Filter | null>> = {
  "no code of filters": null,
  [WHOLE_ROWS]: {},
  "a condition that every row meets": { where: "total > 1 AND status = 'paid'" },
  "a condition that no row meets": { where: "total > 1 AND status = 'void'" },
  "a column left out": { columns: { exclude: ["shop.orders.note"] } },
  "a column hashed": { columns: { mask: { "shop.orders.email": "hash" } } },
};

/**
 * Measures the cost of filters in the route function: processor time per change to make three
 * subscribers' messages from updates of rows with nine columns.
 */
export async function benchFilters({
  quick,
  signal,
  report,
  progress,
}: BenchmarkRun): Promise<void> {
  const frame = readFrame(frameText(), SOURCE);
  const measure = Object.entries(KINDS).map(([name, filter]) => {
    const rules = rulesOf(filter);
    const { authored } = attribute(frame, frame.changes, new Map(), rules.environmentOf);
    return { name, micros: [] as number[], run: () => fanOut(frame, authored, rules) };
  });
  const rounds = quick ? 5 : ROUNDS;
  for (let round = -2; round < rounds; round++) {
    signal.throwIfAborted();
    progress(`round ${round}`);
    for (const { run, micros } of measure) {
      const began = process.cpuUsage();
      run();
      const { user, system } = process.cpuUsage(began);
      // The first rounds are a warm-up.
      if (round >= 0) micros.push((user + system) / CHANGES);
    }
  }
  const [first, ...others] = measure.map(({ name, micros }) => ({ name, value: median(micros) }));
  if (first === undefined) throw new RangeError("nothing was measured");
  for (const { name, value } of [first, ...others]) {
    report({
      work: `${SUBSCRIBERS} subscribers`,
      name,
      value,
      unit: "µs/change",
      ...(name !== first.name && { beside: first }),
      ...(name === WHOLE_ROWS && { target: { atMost: 1.1 } }),
    });
  }
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

function frameText(): string {
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
      tables: [["shop", "orders"]],
      authors: [{ user: "app", host: "10.0.0.1", attribution: "ledger" }],
    },
    lines.join("\n"),
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
