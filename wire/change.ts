import type { Operation } from "./frame.ts";
import type { Attribution } from "./session.ts";

/**
 * A change of one row, a truncation of a table, a statement that changed a table's definition, or a
 * row or mark of a snapshot.
 */
export interface Change<Row = Record<string, unknown>> {
  /** Stable: the same change has the same id however often it is read. */
  readonly id: string;
  readonly op: Operation;
  /**
   * The row before; null except for an update or a delete. A column that the binlog's row image
   * omits is absent, not null.
   */
  readonly before: Row | null;
  /** The row after; null except for an insert, an update or a snapshot's row. */
  readonly after: Row | null;
  /**
   * The primary key's columns; null when the table has no primary key or the row image omits them.
   */
  readonly key: Partial<Row> | null;
  /** Only with op `ddl`: the statement. */
  readonly statement?: string;
  /** Only with the ops `r` and `snapshot`. */
  readonly snapshot?: ChangeSnapshot;
  /**
   * `user` and `host` are "" when `attribution` is `snapshot` or `server`; `host` is also "" when
   * only the GTID's tag is known.
   */
  readonly user: string;
  readonly host: string;
  readonly attribution: Attribution;
  readonly source: ChangeSource;
}

/** The snapshot to which a row or mark belongs. */
export interface ChangeSnapshot {
  readonly id: string;
  /** `database.table`. */
  readonly table: string;
  /**
   * For a row: the number of the part with which it came, counted from 1 over the whole snapshot.
   * All rows of a part are as they are at the same position.
   */
  readonly chunk?: number;
  /** For a mark: `started` precedes the table's first row, `complete` follows its last row. */
  readonly state?: "started" | "complete";
  /** With `complete`: the number of rows that the snapshot read from the table. */
  readonly rows?: number;
  /** Only with `complete`; true: all tables of the snapshot are complete. */
  readonly whole?: true;
  /** Only with `whole`: the number of the snapshot's tables. */
  readonly tables?: number;
}

/** Where a change is in the binlog. */
export interface ChangeSource {
  readonly db: string;
  readonly table: string;
  readonly file: string;
  /** Where the event starts in the file, bytes. */
  readonly pos: number;
  readonly row: number;
  readonly gtid: string | null;
  readonly thread: number;
  readonly server_id: number;
  /** Commit time, milliseconds since 1970. */
  readonly ts_ms: number;
}

/** Checks only the fields on which the client library relies. */
export function isChange(value: unknown): value is Change {
  if (!isRecord(value) || !isRecord(value["source"])) return false;
  const { db, table, file, pos, row } = value["source"];
  return (
    typeof value["id"] === "string" &&
    typeof value["op"] === "string" &&
    typeof db === "string" &&
    typeof table === "string" &&
    typeof file === "string" &&
    Number.isSafeInteger(pos) &&
    Number.isSafeInteger(row)
  );
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
