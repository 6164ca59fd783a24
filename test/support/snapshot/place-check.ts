import { expect } from "vitest";
import { binlogFileNumber } from "../../../wire/binlog-file.ts";
import type { Frame, FrameChange } from "../../../wire/frame.ts";
import { formatPosition } from "../../../wire/position.ts";

/** A change or snapshot row with its position in the stream, its table and its MySQL user. */
export interface Placed extends FrameChange {
  readonly position: string;
  readonly tableName: string;
  /** Null: unknown. */
  readonly user: string | null;
  /** The id of the snapshot of a row or mark; null for a change. */
  readonly snapshot: string | null;
}

/** All changes and rows in the order of their positions, each once. */
export function inOrder(frames: readonly Frame[]): Placed[] {
  const placed = new Map<string, Placed>();
  for (const { changes, transactions, authors, tables, epoch } of frames) {
    for (const change of changes) {
      const transaction = transactions[change.transaction];
      const file = binlogFileNumber(transaction?.file ?? "");
      const position = formatPosition({ epoch, file, offset: change.offset, row: change.row });
      const [database = "", table = ""] = tables[change.table] ?? [];
      const tableName = `${database}.${table}`;
      const author = transaction?.author ?? null;
      const user = author === null ? null : (authors[author]?.user ?? null);
      const snapshot = author === null ? null : (authors[author]?.snapshot?.id ?? null);
      const former = placed.get(position);
      // Repeats at the same position must be equal.
      if (former !== undefined) expect(former.after).toBe(change.after);
      placed.set(position, { ...change, position, tableName, user, snapshot });
    }
  }
  return [...placed.values()].sort((a, b) => (a.position < b.position ? -1 : 1));
}

/** The rows of a table by the texts of their keys. */
type State = Map<string, string>;

/** Applies a change to a table. */
function apply(state: State, { op, key, oldKey, after }: Placed): void {
  if (op === "d") state.delete(key);
  if (op !== "c" && op !== "u") return;
  if (oldKey !== "") state.delete(oldKey);
  state.set(key, after);
}

/** Rows that were handed over together. */
interface Group {
  readonly n: number;
  readonly at: number;
  readonly place: string;
  readonly ids: Set<number>;
}

/** More than the number of parts in which a chunk's rows are handed over. */
const MOST_PARTS = 60;

const idOf = (key: string): number => (JSON.parse(key) as { id: number }).id;
const largest = (ids: Iterable<number>): number => {
  let found = -1;
  for (const id of ids) if (id > found) found = id;
  return found;
};

/**
 * Finds rows that a snapshot left out. A row of a group's range that the group lacks may have come
 * before, or come later with the last part of its chunk, if it is not gone by then.
 */
class MissingRows {
  readonly problems: string[] = [];
  readonly #bornAt = new Map<number, number>();
  readonly #cameAt = new Map<number, number>();
  /** The rows that must still come, with the index of the group that lacks them. */
  readonly #owed = new Map<number, number>();
  /** The last group with each number. */
  readonly #groups = new Map<number, { readonly at: number; readonly upper: number }>();
  readonly #firstNumber: number;
  #count = 0;

  constructor(firstNumber: number) {
    this.#firstNumber = firstNumber;
  }

  change({ op, key, oldKey }: Placed, at: number): void {
    for (const gone of op === "d" ? [key] : oldKey === "" ? [] : [oldKey]) {
      this.#bornAt.delete(idOf(gone));
      this.#settle(idOf(gone));
    }
    if ((op === "c" || op === "u") && !this.#bornAt.has(idOf(key))) this.#bornAt.set(idOf(key), at);
  }

  /** Called with a group when its rows are complete, before the next change. */
  group({ n, at, ids }: Group): void {
    for (const id of ids) {
      this.#settle(id);
      this.#cameAt.set(id, at);
    }
    const former = this.#groups.get(n - 1);
    if (former === undefined && n > this.#firstNumber)
      this.problems.push(`no rows before number ${n}`);
    const upper = largest(ids);
    const begin = Math.min(...ids);
    this.#groups.set(n, { at, upper });
    this.#count++;
    for (let id = (former?.upper ?? -1) + 1; id <= upper; id++) {
      const bornAt = this.#bornAt.get(id);
      if (bornAt === undefined || ids.has(id)) continue;
      // A row inserted between the rows of two groups may be in the range of the former one.
      if (former !== undefined && id < begin && bornAt > former.at) continue;
      if ((this.#cameAt.get(id) ?? -1) < bornAt && !this.#owed.has(id))
        this.#owed.set(id, this.#count);
    }
  }

  end(): void {
    for (const id of this.#owed.keys()) this.problems.push(`${id} is missing`);
  }

  #settle(id: number): void {
    const since = this.#owed.get(id);
    this.#owed.delete(id);
    if (since !== undefined && this.#count - since > MOST_PARTS)
      this.problems.push(`${id} did not come within ${MOST_PARTS} groups`);
  }
}

/**
 * Compares the snapshot's rows at each place with the table that the changes up to there result in.
 *
 * @param firstNumber the number of the table's first chunk, if its key is the number `id`; null for
 *   other keys, with which missing rows are not detected
 */
export function problemsAtPlaces(
  changes: readonly Placed[],
  tableName: string,
  firstNumber: number | null,
): { problems: string[]; rows: number } {
  const problems: string[] = [];
  const state: State = new Map();
  const isNumbered = firstNumber !== null;
  const missing = new MissingRows(firstNumber ?? 0);
  let [rows, group]: [number, Group | null] = [0, null];
  changes.forEach((change, at) => {
    if (change.tableName !== tableName) return;
    const { op, key, after, n, position } = change;
    const place = op === "r" ? `${position.slice(0, -11)} ${n}` : "";
    if (group !== null && group.place !== place) {
      if (isNumbered) missing.group(group);
      group = null;
    }
    if (op !== "r") {
      if (isNumbered && op !== "snapshot") missing.change(change, at);
      return apply(state, change);
    }
    rows++;
    group ??= { n, at, place, ids: new Set() };
    if (isNumbered) group.ids.add(idOf(key));
    if (state.get(key) !== after) problems.push(`${key} is ${state.get(key)}, not ${after}`);
  });
  if (isNumbered && group !== null) missing.group(group);
  missing.end();
  return { problems: [...problems, ...missing.problems], rows };
}

/**
 * Compares what a subscriber has after it has applied the snapshot's rows and its environment's
 * changes, in the order of the stream, with the table at the end. Only rows whose last change is
 * the snapshot's or the environment's are compared.
 *
 * @param user the user who writes the environment's changes
 * @param atEnd the table's rows by the texts of their keys
 */
export function problemsAtEnd(
  changes: readonly Placed[],
  tableName: string,
  user: string,
  atEnd: ReadonlyMap<string, string>,
): { problems: string[]; compared: number } {
  const model: State = new Map();
  const state: State = new Map();
  const isOurs = new Map<string, boolean>();
  for (const change of changes) {
    if (change.tableName !== tableName) continue;
    const mine = change.op === "r" || change.user === user;
    apply(state, change);
    if (change.op === "r") model.set(change.key, change.after);
    else if (mine) apply(model, change);
    for (const key of [change.key, change.oldKey]) if (key !== "") isOurs.set(key, mine);
  }
  const problems: string[] = [];
  let compared = 0;
  for (const key of new Set([...state.keys(), ...model.keys(), ...atEnd.keys()])) {
    const row = atEnd.get(key);
    if (state.get(key) !== row) problems.push(`the stream has ${state.get(key)}, not ${row}`);
    if (isOurs.get(key) !== true) continue;
    compared++;
    if (model.get(key) !== row) problems.push(`the subscriber has ${model.get(key)}, not ${row}`);
  }
  return { problems, compared };
}
