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
      const former = placed.get(position);
      // Repeats at the same position must be equal.
      if (former !== undefined) expect(former.after).toBe(change.after);
      placed.set(position, { ...change, position, tableName, user });
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

interface Group {
  readonly n: number;
  readonly at: number;
  readonly keys: Set<string>;
  readonly state: ReadonlyMap<string, string>;
}

const idOf = (key: string): number => (JSON.parse(key) as { id: number }).id;

const greatest = ({ keys }: Group): number => Math.max(...Array.from(keys, idOf));
const smallest = ({ keys }: Group): number => Math.min(...Array.from(keys, idOf));

/**
 * Compares the snapshot's rows at each place with the table that the changes up to there result in.
 *
 * @param isNumbered whether the key is the number `id`; only then missing rows are detected
 */
export function problemsAtPlaces(
  changes: readonly Placed[],
  tableName: string,
  isNumbered: boolean,
): { problems: string[]; rows: number } {
  const problems: string[] = [];
  const state: State = new Map();
  const bornAt = new Map<string, number>();
  const groups: Group[] = [];
  let [rows, place, group]: [number, string, Group | null] = [0, "", null];
  changes.forEach((change, at) => {
    if (change.tableName !== tableName) return;
    const { op, key, after, n, position } = change;
    if ((op === "c" || op === "u") && !state.has(key)) bornAt.set(key, at);
    apply(state, change);
    if (op !== "r") return;
    rows++;
    const here = `${position.slice(0, -11)} ${n}`;
    if (here !== place || group === null) {
      place = here;
      group = { n, at, keys: new Set(), state: new Map(state) };
      groups.push(group);
    }
    group.keys.add(key);
    if (state.get(key) !== after) problems.push(`${key} is ${state.get(key)}, not ${after}`);
  });
  if (!isNumbered) return { problems, rows };
  groups.forEach((present, i) => {
    const former = groups.slice(0, i).findLast(({ n }) => n === present.n - 1);
    if (former === undefined && present.n > 1) return problems.push(`no chunk before ${present.n}`);
    const lower = former === undefined ? -1 : greatest(former);
    const [begin, upper] = [smallest(present), greatest(present)];
    for (const key of present.state.keys()) {
      const id = idOf(key);
      // A row inserted between the rows of two chunks may be in the range of the former chunk.
      const isNew = former !== undefined && (bornAt.get(key) ?? 0) > former.at;
      const isExpected = id >= begin || (id > lower && !isNew);
      if (id <= upper && isExpected && !present.keys.has(key))
        problems.push(`${key} is missing in chunk ${present.n}`);
    }
    return 0;
  });
  return { problems, rows };
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
