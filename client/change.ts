import {
  changePositions,
  type Change as MessageChange,
  type ChangeSnapshot,
  type EnvironmentMessage,
} from "../wire/message.ts";
import { parsePosition, type PositionText } from "../wire/position.ts";

/** The row types of the tables that an application consumes, by `database.table`. */
export type TableRows = Record<string, object>;

/** The default for an application that names no row types. */
export type AnyTables = Record<string, Record<string, unknown>>;

/**
 * A change as a handler gets it: the message's change with the table's full name and the position.
 */
export interface Change<
  Row = Record<string, unknown>,
  Table extends string = string,
> extends MessageChange<Row> {
  /** `database.table`. */
  readonly table: Table;
  /** The change's position in the source's binlog. Positions compare as text. */
  readonly position: PositionText;
}

/** The row images of each `op`. */
type RowImages<Row> =
  | { readonly op: "c"; readonly before: null; readonly after: Row }
  | { readonly op: "u"; readonly before: Row; readonly after: Row }
  | { readonly op: "d"; readonly before: Row; readonly after: null }
  | { readonly op: "t"; readonly before: null; readonly after: null }
  | {
      readonly op: "r";
      readonly before: null;
      readonly after: Row;
      readonly snapshot: ChangeSnapshot;
    }
  | {
      readonly op: "snapshot";
      readonly before: null;
      readonly after: null;
      readonly snapshot: ChangeSnapshot;
    }
  | {
      readonly op: "ddl";
      readonly before: null;
      readonly after: null;
      readonly statement: string;
    };

/**
 * A change of one of several tables. A test of `change.table` narrows the rows' type; a test of
 * `change.op` tells which row images are null.
 */
export type ChangeOf<Tables extends TableRows> = {
  [Table in keyof Tables & string]: Change<Tables[Table], Table> & RowImages<Tables[Table]>;
}[keyof Tables & string];

/**
 * A message's changes with their positions, in order. Throws RangeError when a coordinate is
 * invalid.
 */
export function changesOf(message: EnvironmentMessage): Change[] {
  const { epoch } = parsePosition(message.first);
  const positionOf = changePositions(epoch);
  let known = { db: "", table: "", name: "." };
  return message.changes.map((change) => {
    const { db, table } = change.source;
    if (table !== known.table || db !== known.db) known = { db, table, name: `${db}.${table}` };
    return { ...change, table: known.name, position: positionOf(change.source) };
  });
}

/**
 * Divides changes into units that are recorded as handled together because they share a position.
 * With `groupBy: "key"` an update that changes the key arrives as a delete and a create with one
 * position, perhaps in one group.
 */
export function splitByPosition(changes: readonly Change[]): Change[][] {
  const units: Change[][] = [];
  for (const change of changes) {
    const unit = units.at(-1);
    const first = unit?.[0];
    if (first !== undefined && samePosition(first, change)) unit?.push(change);
    else units.push([change]);
  }
  return units;
}

/** Compares the numbers first, because a position's text is put together when it is first read. */
function samePosition(one: Change, other: Change): boolean {
  return (
    one.source.row === other.source.row &&
    one.source.pos === other.source.pos &&
    one.position === other.position
  );
}
