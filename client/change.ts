import {
  positionOf,
  type Change as MessageChange,
  type ChangeSnapshot,
  type EnvironmentMessage,
} from "../wire/message.ts";
import { parsePosition, type PositionText } from "../wire/position.ts";

/** The row types of the tables that an application consumes, by `database.table`. */
export type TableRows = Record<string, object>;

/** The rows of an application that has not named any. */
export type AnyTables = Record<string, Record<string, unknown>>;

/**
 * One change as a handler gets it: as in the message, with its table's full name and its position.
 */
export interface Change<
  Row = Record<string, unknown>,
  Table extends string = string,
> extends MessageChange<Row> {
  /** `database.table`. */
  readonly table: Table;
  /** The change's position in the source's binlog; compares as text. */
  readonly position: PositionText;
}

/** Which row images there are, by `op`. */
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
 * A change of one of several tables. `change.table` tells which, and narrows the rows' type;
 * `change.op` narrows which row images there are.
 */
export type ChangeOf<Tables extends TableRows> = {
  [Table in keyof Tables & string]: Change<Tables[Table], Table> & RowImages<Tables[Table]>;
}[keyof Tables & string];

/**
 * The changes of a message with their positions, in order. Throws RangeError when a coordinate is
 * none.
 */
export function changesOf(message: EnvironmentMessage): Change[] {
  const { epoch } = parsePosition(message.first);
  return message.changes.map((change) => ({
    ...change,
    table: `${change.source.db}.${change.source.table}`,
    position: positionOf(change.source, epoch),
  }));
}

/**
 * Changes that stand or fall together because they share a position: with `groupBy: "key"` an
 * update of the key itself arrives as a delete and a create, and may do so in one group.
 */
export function splitByPosition(changes: readonly Change[]): Change[][] {
  const units: Change[][] = [];
  for (const change of changes) {
    const unit = units.at(-1);
    if (unit?.[0]?.position === change.position) unit.push(change);
    else units.push([change]);
  }
  return units;
}
