import { EVENT_HEADER_LENGTH } from "../../reader/binlog-format/events/event-header.ts";
import { EventType } from "../../reader/binlog-format/events/event-types.ts";
import { QueryEvent } from "../../reader/statements/query-event.ts";

/** The session variables in a Query event, and its default database. */
export interface QuerySession {
  readonly schema?: string;
  /** The id of the collation of `@@character_set_client`. */
  readonly collation?: number;
  readonly sqlMode?: number;
  /** Null: the server could not list them. Absent: the event does not contain them. */
  readonly databases?: readonly string[] | null;
  /** LOG_EVENT_THREAD_SPECIFIC_F: the statement used a temporary table, or the connection's id. */
  readonly isThreadSpecific?: boolean;
}

const UTF8MB4 = 255;

/** A Query event with a statement. */
export function queryEvent(text: string | Buffer, session?: QuerySession): QueryEvent {
  return QueryEvent.parse(queryEventBytes(text, session));
}

/**
 * The event's bytes as MySQL writes them (`Query_event` in statement_events.h). The header contains
 * type and length only, and there is no checksum.
 */
export function queryEventBytes(text: string | Buffer, session: QuerySession = {}): Buffer {
  const {
    schema = "shop",
    collation = UTF8MB4,
    sqlMode = 0,
    databases,
    isThreadSpecific,
  } = session;
  const sqlModeVariable = Buffer.alloc(9);
  sqlModeVariable[0] = 1;
  sqlModeVariable.writeUInt32LE(sqlMode, 1);
  const charsetVariable = Buffer.from([4, collation & 0xff, collation >> 8, 255, 0, 255, 0]);
  const status = Buffer.concat([sqlModeVariable, charsetVariable, databaseList(databases)]);
  const head = Buffer.alloc(EVENT_HEADER_LENGTH + 13);
  head.writeUInt8(Buffer.byteLength(schema), EVENT_HEADER_LENGTH + 8);
  head.writeUInt16LE(status.length, EVENT_HEADER_LENGTH + 11);
  const statement = typeof text === "string" ? Buffer.from(text) : text;
  const event = Buffer.concat([head, status, Buffer.from(`${schema}\0`), statement]);
  event.writeUInt8(EventType.QUERY_EVENT, 4);
  event.writeUInt32LE(event.length, 9);
  event.writeUInt16LE(isThreadSpecific === true ? 0x4 : 0, 17);
  return event;
}

function databaseList(databases: readonly string[] | null | undefined): Buffer {
  if (databases === undefined) return Buffer.alloc(0);
  if (databases === null) return Buffer.from([12, 254]);
  const names = databases.map((name) => `${name}\0`).join("");
  return Buffer.concat([Buffer.from([12, databases.length]), Buffer.from(names)]);
}
