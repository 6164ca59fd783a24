import { chainStep, endOf, type LanePosition } from "../../functions/frame/chain.ts";
import { readFrame } from "../../functions/frame/read-frame.ts";

type Row = Readonly<Record<string, unknown>>;

/**
 * Applies frames as the route function would accept them, and checks each change against the row
 * that it must find: for an insert none, for an update or delete the row as it was. So a missing,
 * doubled or misplaced change is noticed.
 */
export class Replica {
  readonly tables = new Map<string, Map<string, Row>>();
  /** Descriptions of what was wrong. */
  readonly violations: string[] = [];
  repeatedFrames = 0;
  changes = 0;
  readonly #source: string;
  readonly #lanes = new Map<number, LanePosition>();
  readonly #onChange: (table: string, row: Row, user: string | null) => void;

  /** `onChange` is called with every new row and its author; null: the author is unknown. */
  constructor(source: string, onChange: (table: string, row: Row, user: string | null) => void) {
    this.#source = source;
    this.#onChange = onChange;
  }

  take(text: string): void {
    const frame = readFrame(text, this.#source);
    const lane = this.#lanes.get(frame.lane) ?? { delivered: null, life: null, others: new Map() };
    const step = chainStep(lane, frame);
    if (step.kind === "gap") {
      this.violations.push(
        `gap: ${lane.delivered} was delivered, then comes ${frame.previous} … ${frame.first}`,
      );
    }
    if (step.kind !== "deliver") {
      this.repeatedFrames++;
      return;
    }
    for (const change of frame.changes) {
      if (step.after !== null && change.position <= step.after) continue;
      const [database, name] = frame.tables[change.table] ?? ["", ""];
      const table = `${database}.${name}`;
      const author = frame.transactions[change.transaction]?.author ?? null;
      this.#apply(table, change, author === null ? null : (frame.authors[author]?.user ?? null));
    }
    this.#lanes.set(frame.lane, endOf(lane, frame));
  }

  #apply(
    table: string,
    change: { op: string; key: string; before: string; after: string },
    user: string | null,
  ): void {
    this.changes++;
    const rows = this.tables.get(table) ?? new Map<string, Row>();
    this.tables.set(table, rows);
    const found = rows.get(change.key);
    const expected = change.before === "" ? undefined : (JSON.parse(change.before) as Row);
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      this.violations.push(`${change.op} ${table} ${change.key}: the row before it is another one`);
    }
    if (change.after === "") {
      rows.delete(change.key);
      return;
    }
    const row = JSON.parse(change.after) as Row;
    rows.set(change.key, row);
    this.#onChange(table, row, user);
  }
}
