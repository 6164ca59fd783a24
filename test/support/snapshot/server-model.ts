import type { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { RowTexts } from "../../../reader/binlog-format/rows/row-texts.ts";
import type { ChunkOutcome, ChunkPart } from "../../../reader/snapshot/chunk-part.ts";
import {
  ChunkReader,
  type ChunkSource,
  type SelectedChunk,
} from "../../../reader/snapshot/chunk-reader.ts";
import type { RowsByKey } from "../../../reader/snapshot/chunk-window.ts";
import type { StreamPosition } from "../../../reader/snapshot/stream-position.ts";
import type { KeyRange } from "../../../reader/snapshot/table-key.ts";
import { apply, isIn, keyText, numberOf, rowText, type Write } from "./model-rows.ts";

/** A step of the protocol that is omitted; the model must find that fault. */
export type Fault =
  | "none"
  | "no wait"
  | "no high mark"
  | "no changes"
  | "no changes between parts"
  | "no range";

const KEYS = 24;
const CHUNK = 5;
const PART = 2;
const HELD = 1;

/**
 * A server, a stream and a snapshot of a table. The server writes a transaction to its binlog
 * before reads show it, and shows transactions in any order that row locks allow. The stream reads
 * the binlog at its own pace. Which of them moves next is random.
 */
export class ServerModel {
  readonly #random: SeededRandom;
  readonly #fault: Fault;
  readonly #log: Write[][] = [];
  readonly #unseen = new Set<number>();
  readonly #newest = new Map<number, string>();
  readonly #visible = new Map<number, string>();
  readonly #lockedBy = new Map<number, number>();
  readonly #reader: ChunkReader;
  readonly #pending: (() => boolean)[] = [];
  #read = 0;
  #part = 0;
  #values = 0;
  #lower: number | null = null;
  #range: KeyRange = { lower: null, upper: null };
  #isPaused = false;
  /** Descriptions of what was wrong. */
  readonly problems: string[] = [];
  chunks = 0;
  rereads = 0;

  constructor(random: SeededRandom, fault: Fault, asksAgain: boolean, serverKnowsOrder: boolean) {
    this.#random = random;
    this.#fault = fault;
    for (let key = 0; key < KEYS; key += 2) {
      this.#newest.set(key, "first");
      this.#visible.set(key, "first");
    }
    this.#start = new Map(this.#newest);
    const isInRange = (key: string, range: KeyRange): boolean =>
      fault !== "no range" && isIn(range, numberOf(key));
    const source: ChunkSource = {
      untilVisible: () => {
        const passed = this.#read;
        return this.#when(
          () => fault === "no wait" || Math.min(...this.#unseen, Infinity) >= passed,
        );
      },
      select: async (wanted) => {
        await this.#when(() => true);
        return this.#select(wanted);
      },
      end: async () => {
        await this.#when(() => true);
        return { fileNumber: 1, offset: fault === "no high mark" ? 0 : this.#log.length };
      },
      isInRange: (key, range) => (serverKnowsOrder ? null : isInRange(key, range)),
      areInRange: async (keys, range) => {
        await this.#when(() => true);
        return keys.map((key) => isInRange(key, range));
      },
    };
    this.#reader = new ChunkReader(
      source,
      { asksAgain, partRows: PART, partBytes: Infinity, heldKeys: HELD },
      (place, { isFirst, ...part }) => {
        if (isFirst) this.#handed.clear();
        this.#isBetweenParts = part.following === "part";
        this.#check(place, part);
      },
    );
  }

  readonly #start: ReadonlyMap<number, string>;
  /** The keys of the present chunk that were handed over. */
  readonly #handed = new Set<string>();
  #isBetweenParts = false;
  /** The table at the position of the last hand-over. */
  #last: { readonly table: ReadonlyMap<number, string>; readonly offset: number } = {
    table: new Map(),
    offset: 0,
  };

  /** Runs until the whole table has been handed over. */
  async run(): Promise<void> {
    const done = this.#snapshot();
    let isDone = false;
    done.then(
      () => (isDone = true),
      () => (isDone = true),
    );
    for (let steps = 0; !isDone && steps < 20_000; steps++) {
      this.#step(steps);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
  }

  async #snapshot(): Promise<void> {
    do {
      let owed: ReadonlySet<string> | null = null;
      let outcome: ChunkOutcome = await this.#reader.read(0);
      for (;;) {
        if (outcome.kind !== "handed over") throw new Error(outcome.why);
        if (outcome.following !== "part") {
          this.#checkWhole(outcome.range, owed, outcome.again);
          owed = new Set(outcome.again);
        }
        if (outcome.following === "nothing") break;
        if (outcome.following === "again") this.rereads++;
        else await this.#when(() => true);
        outcome =
          outcome.following === "part"
            ? await this.#reader.part()
            : await this.#reader.readAgain(0);
      }
      const { upper } = outcome.range;
      this.#lower = upper === null ? null : Number(upper[0]);
    } while (this.#lower !== null);
  }

  #step(steps: number): void {
    const choice = this.#random.below(10);
    if (choice < 3 && steps < 5000) this.#commit();
    else if (choice < 5) this.#show();
    else if (choice < 8) this.#stream();
    else {
      const at = this.#random.below(Math.max(1, this.#pending.length));
      if (this.#pending[at]?.() === true) this.#pending.splice(at, 1);
    }
  }

  /** Resolves in a later step in which `condition` is true. */
  #when(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#pending.push(() => {
        if (!condition()) return false;
        resolve();
        return true;
      });
    });
  }

  /** Writes a transaction to the binlog. It does not touch rows that another one has locked. */
  #commit(): void {
    const number = this.#log.length;
    const writes: Write[] = [];
    for (let i = 0; i <= this.#random.below(3); i++) {
      const key = this.#random.below(KEYS);
      const newKey = this.#random.chance(0.3) ? this.#random.below(KEYS) : key;
      const isLocked = [key, newKey].some(
        (some) => (this.#lockedBy.get(some) ?? number) !== number,
      );
      if (isLocked) continue;
      const isWhole = this.#random.chance(0.8);
      const value = `v${this.#values++}`;
      if (!this.#newest.has(key)) {
        writes.push({ op: "c", key, oldKey: null, value, isWhole: true });
        this.#newest.set(key, value);
      } else if (this.#random.chance(0.3)) {
        writes.push({ op: "d", key, oldKey: null, value: null, isWhole: true });
        this.#newest.delete(key);
      } else if (newKey === key || !this.#newest.has(newKey)) {
        const oldKey = newKey === key ? null : key;
        writes.push({ op: "u", key: newKey, oldKey, value, isWhole });
        if (oldKey !== null) this.#newest.delete(oldKey);
        this.#newest.set(newKey, value);
      } else continue;
      for (const some of [key, newKey]) this.#lockedBy.set(some, number);
    }
    this.#log.push(writes);
    this.#unseen.add(number);
  }

  /** Makes a transaction visible to reads, and releases its locks. */
  #show(): void {
    const list = [...this.#unseen];
    const number = list[this.#random.below(Math.max(1, list.length))];
    if (number === undefined) return;
    this.#unseen.delete(number);
    for (const write of this.#log[number] ?? []) apply(this.#visible, write);
    for (const [key, holder] of this.#lockedBy) if (holder === number) this.#lockedBy.delete(key);
  }

  /** Passes the next change, or the end of a transaction, to the reader. */
  #stream(): void {
    const writes = this.#log[this.#read];
    if (writes === undefined || this.#isPaused) return;
    const write = writes[this.#part++];
    if (write !== undefined) {
      const { op, key, oldKey, value, isWhole } = write;
      const texts = RowTexts.of({
        key: keyText(key),
        ...(oldKey !== null && { oldKey: keyText(oldKey) }),
        ...(value !== null && { after: rowText(key, value) }),
      });
      texts.isWhole = isWhole;
      const isLost =
        this.#fault === "no changes" ||
        (this.#fault === "no changes between parts" && this.#isBetweenParts);
      if (isLost) this.#reader.enters();
      else this.#reader.change({ op, texts });
      return;
    }
    this.#part = 0;
    this.#read++;
    const wait = this.#reader.passes({ file: "binlog.000001", fileNumber: 1, offset: this.#read });
    if (wait === undefined) return;
    this.#isPaused = true;
    void wait.then(() => (this.#isPaused = false));
  }

  #select(wanted: ReadonlySet<string> | null): SelectedChunk {
    const rows: RowsByKey = new Map();
    const add = (key: number): void => {
      const value = this.#visible.get(key);
      if (value === undefined) return;
      const texts = RowTexts.of({ key: keyText(key), after: rowText(key, value) });
      rows.set(keyText(key), texts);
    };
    if (wanted !== null) {
      const unread = new Set([...wanted].filter(() => this.#random.chance(0.2)));
      for (const key of wanted) if (!unread.has(key)) add(numberOf(key));
      return { rows, range: this.#range, unread };
    }
    const behind = [...this.#visible.keys()]
      .filter((key) => this.#lower === null || key > this.#lower)
      .sort((a, b) => a - b);
    const chosen = behind.slice(0, CHUNK);
    chosen.forEach(add);
    this.#range = {
      lower: this.#lower === null ? null : [String(this.#lower)],
      upper: behind.length < CHUNK ? null : [String(chosen.at(-1))],
    };
    return { rows, range: this.#range, unread: new Set() };
  }

  /** Compares the rows with the table that the binlog up to that position results in. */
  #check(place: StreamPosition, { rows, range }: Omit<ChunkPart, "isFirst">): void {
    this.chunks++;
    const table = new Map(this.#start);
    for (const writes of this.#log.slice(0, place.offset))
      for (const write of writes) apply(table, write);
    for (const [text, texts] of rows) {
      const key = numberOf(text);
      if (texts.after !== rowText(key, table.get(key) ?? "gone"))
        this.problems.push(`${text} is ${table.get(key)} at ${place.offset}, not ${texts.after}`);
      if (!isIn(range, key)) this.problems.push(`${text} lies outside its chunk's range`);
      this.#handed.add(text);
    }
    this.#last = { table, offset: place.offset };
  }

  /**
   * Checks that a chunk has all rows of its range, except those that are read again.
   *
   * @param owed the keys of the rows that were read again; null: the whole range was read
   */
  #checkWhole(range: KeyRange, owed: ReadonlySet<string> | null, again: ReadonlySet<string>): void {
    const { table, offset } = this.#last;
    for (const key of table.keys()) {
      const text = keyText(key);
      const isExpected = isIn(range, key) && (owed?.has(text) ?? true);
      if (isExpected && !this.#handed.has(text) && !again.has(text))
        this.problems.push(`${text} is missing at ${offset}`);
    }
  }
}
