import type { Attribution } from "./session.ts";
import type { Operation } from "./frame.ts";
import type { PositionText } from "./position.ts";

export const MESSAGE_VERSION = 1;

/** What an environment queue carries: consecutive changes of one message group. docs/message-format.md explains each field. */
export interface EnvironmentMessage<Row = Record<string, unknown>> {
  readonly version: typeof MESSAGE_VERSION;
  readonly source: string;
  readonly subscriber: string;
  readonly environment: string;
  readonly group: string;
  readonly first: PositionText;
  readonly last: PositionText;
  readonly changes: readonly Change<Row>[];
}

/** One change of one row (or a truncated table, or a statement that changed a table's definition). */
export interface Change<Row = Record<string, unknown>> {
  /** Same change, same id, whoever reads it again. */
  readonly id: string;
  readonly op: Operation;
  /** Null for an insert. A column that the binlog's row image leaves out is absent, not null. */
  readonly before: Row | null;
  /** Null for a delete. */
  readonly after: Row | null;
  /** The primary key's columns; null when the table has no primary key or the row image leaves them out. */
  readonly key: Partial<Row> | null;
  /** Only with op `ddl`: the statement. */
  readonly statement?: string;
  readonly user: string;
  readonly host: string;
  readonly attribution: Attribution;
  readonly source: ChangeSource;
}

interface ChangeSource {
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
