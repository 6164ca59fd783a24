import { setImmediate } from "node:timers/promises";
import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { describe, expect, test } from "vitest";
import {
  type Change,
  MemorySnapshotCounts,
  type SnapshotCounts,
  SnapshotProgress,
  type SnapshotTable,
} from "../../../client/index.ts";
import { parseMessageJson } from "../../../wire/message-json.ts";
import { heapBytes } from "../../support/heap-bytes.ts";

type Handled = Pick<Change, "id" | "op" | "snapshot">;

const row = (n: number, table = "shop.orders", snapshot = "one"): Handled => ({
  id: `snapshot/${snapshot}/${table}/${n}`,
  op: "r",
  snapshot: { id: snapshot, table, chunk: 1 },
});
const started: Handled = {
  id: "snapshot/one/shop.orders/started",
  op: "snapshot",
  snapshot: { id: "one", table: "shop.orders", state: "started" },
};
const complete = (
  rows: number,
  table = "shop.orders",
  snapshot = "one",
  whole: { readonly whole?: true; readonly tables?: number } = {},
): Handled => ({
  id: `snapshot/${snapshot}/${table}/complete`,
  op: "snapshot",
  snapshot: { id: snapshot, table, state: "complete", rows, ...whole },
});
const change: Handled = { id: "1/0", op: "u" };

/** What each call returns. */
async function told(
  changes: readonly Handled[],
  counts?: SnapshotCounts,
): Promise<(SnapshotTable | null)[]> {
  const progress = new SnapshotProgress(counts);
  const answers: (SnapshotTable | null)[] = [];
  for (const each of changes) answers.push(await progress.handled(each));
  return answers;
}

/** A shared store: each call takes effect later, in a random order. */
class LateCounts implements SnapshotCounts {
  readonly names = new Set<string>();
  readonly #counts = new MemorySnapshotCounts();
  readonly #random: SeededRandom;
  readonly #waiting: (() => void)[] = [];

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  async addRow(...call: Parameters<SnapshotCounts["addRow"]>) {
    await this.#turn(call[1]);
    return this.#counts.addRow(...call);
  }

  async expectRows(...call: Parameters<SnapshotCounts["expectRows"]>) {
    await this.#turn(call[1]);
    return this.#counts.expectRows(...call);
  }

  /** Lets the calls take effect until all changes are handled. */
  async until<Answer>(handled: Promise<Answer>): Promise<Answer> {
    let isOver = false;
    const over = handled.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      const [call] = this.#waiting.splice(this.#random.below(this.#waiting.length), 1);
      call?.();
      await setImmediate();
    }
    return over;
  }

  async #turn(table: string): Promise<void> {
    this.names.add(table);
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}

const ORDERS = { snapshot: "one", table: "shop.orders", rows: 2, whole: false };

describe("a table of a snapshot is complete", () => {
  test("with its mark, when the mark comes last", async () => {
    const changes = [started, row(1), change, row(2), complete(2)];
    expect(await told(changes)).toEqual([null, null, null, null, ORDERS]);
  });

  test("with its last row, when the mark comes earlier", async () => {
    expect(await told([complete(2), row(1), row(2)])).toEqual([null, null, ORDERS]);
  });

  test("when all different rows were handled, however often one is repeated", async () => {
    expect(await told([row(1), row(1), complete(2), row(1)])).toEqual([null, null, null, null]);
  });

  test("independently of other tables and other snapshots", async () => {
    const others = [row(1, "shop.items"), row(2, "shop.orders", "two"), complete(1, "shop.items")];
    expect(await told([row(1), complete(2), ...others])).toEqual([
      null,
      null,
      null,
      null,
      { snapshot: "one", table: "shop.items", rows: 1, whole: false },
    ]);
  });

  test("without any rows, and after a restart when the processes share the counts", async () => {
    expect(await told([started, complete(0)])).toEqual([null, { ...ORDERS, rows: 0 }]);
    const counts = new MemorySnapshotCounts();
    await told([row(1), complete(2)], counts);
    expect(await told([row(2)], counts)).toEqual([ORDERS]);
  });
});

test("nothing of the rows stays in memory when all rows of their table were handled", async () => {
  const counts = new MemorySnapshotCounts();
  const progress = new SnapshotProgress(counts);
  const before = heapBytes();
  for (let n = 0; n < 30_000; n++) await progress.handled(row(n));
  expect(await progress.handled(complete(30_000))).toEqual({ ...ORDERS, rows: 30_000 });
  expect(heapBytes() - before).toBeLessThan(500_000);
  expect(await progress.handled(row(5))).toEqual({ ...ORDERS, rows: 30_000 });
});

test("of a row whose table is not complete, no more than its key stays in memory", async () => {
  const progress = new SnapshotProgress();
  const before = heapBytes();
  for (let first = 0; first < 20_000; first += 100) {
    const changes = Array.from({ length: 100 }, (_, n) => {
      const hash = `${first + n}`.padStart(22, "x");
      return { ...row(0), id: row(0).id + hash, after: { a: `${hash}a`, b: hash.repeat(2) } };
    });
    const message = parseMessageJson(JSON.stringify({ version: 1, changes }));
    for (const each of (message as { changes: Handled[] }).changes) await progress.handled(each);
  }
  expect(heapBytes() - before).toBeLessThan(20_000 * 110);
  expect(await progress.handled(complete(20_000))).toEqual({ ...ORDERS, rows: 20_000 });
});

describe("a snapshot is complete", () => {
  const last = complete(2, "shop.orders", "one", { whole: true, tables: 2 });
  const items = complete(1, "shop.items");

  test("with the last of its tables, in any order", async () => {
    const orders = [row(1), row(2), last];
    const first = await told([row(1, "shop.items"), items, ...orders]);
    expect(first.at(-1)).toEqual({ ...ORDERS, whole: true });
    const later = await told([...orders, items, row(1, "shop.items")]);
    expect(later.filter((table) => table !== null)).toEqual([
      ORDERS,
      { snapshot: "one", table: "shop.items", rows: 1, whole: true },
    ]);
  });

  test("even if rows and marks are handled at once, and the shared store answers late", async () => {
    const changes = [row(1), row(1, "shop.items"), items, last, row(2)];
    for (let seed = 0; seed < 300; seed++) {
      const counts = new LateCounts(seed);
      const progress = new SnapshotProgress(counts);
      const answers = await counts.until(
        Promise.all(changes.map((each) => progress.handled(each))),
      );
      expect(
        answers.some((table) => table?.whole === true),
        `seed ${seed}`,
      ).toBe(true);
      expect([...counts.names].toSorted()).toEqual(["*.*", "shop.items", "shop.orders"]);
    }
  });

  test("never by a mark of an earlier release, which has no number of tables", async () => {
    const former = complete(0, "shop.orders", "one", { whole: true });
    expect(await told([former])).toEqual([{ ...ORDERS, rows: 0 }]);
  });
});
