import { type Charset, charsetOfCollation } from "../binlog-format/charsets/collations.ts";
import { EVENT_HEADER_LENGTH as BODY } from "../binlog-format/events/event-header.ts";
import { parseStatusVariables, type StatusVariables } from "./status-variables.ts";

/** MODE_ANSI_QUOTES and MODE_NO_BACKSLASH_ESCAPES of `@@sql_mode` (sql_mode.h). */
const ANSI_QUOTES = 1 << 2;
const NO_BACKSLASH_ESCAPES = 1 << 20;

/** How many bytes an Execute_load_query event has between a Query event's fixed part and its status variables. */
const LOAD_FIELDS = 13;

/**
 * How a CREATE TABLE begins that the server wrote itself, for `CREATE TABLE … SELECT` and for one LIKE a temporary table. It
 * is in UTF-8, whatever the session's character set. A session's own statement may look the same, but comes with a list of
 * databases.
 */
const WRITTEN_BY_SERVER =
  /^CREATE TABLE (?:IF NOT EXISTS )?(?:([`"])(?:(?!\1).|\1\1)+\1\.)?([`"])(?:(?!\2).|\2\2)+\2 \(\n/s;
/** Two names of 64 characters of three bytes, every one of them a quote that is doubled, and the words around them. */
const WRITTEN_BY_SERVER_LENGTH = 1024;

/** How a session's statements are read. */
export interface Dialect {
  readonly charset: Charset;
  /** Double quotes hold names, not texts. */
  readonly ansiQuotes: boolean;
  readonly backslashEscapes: boolean;
}

/**
 * A statement as the binlog has it. Formats: `Query_event` and `Execute_load_query_event` in MySQL's statement_events.h.
 * Everything but the thread is read when it is asked for: nearly all of these events are a BEGIN.
 */
export class QueryEvent {
  /** The id of the connection that ran the statement. */
  readonly thread: number;
  /** The statement, in the session's character set. */
  readonly text: Buffer;
  readonly #event: Buffer;
  readonly #statusStart: number;
  readonly #schemaStart: number;
  #status: StatusVariables | null = null;

  private constructor(event: Buffer, statusStart: number) {
    this.#event = event;
    this.thread = event.readUInt32LE(BODY);
    this.#statusStart = statusStart;
    this.#schemaStart = statusStart + event.readUInt16LE(BODY + 11);
    this.text = event.subarray(this.#schemaStart + event.readUInt8(BODY + 8) + 1);
  }

  /** A Query event with its header and without its checksum. */
  static parse(event: Buffer): QueryEvent {
    return new QueryEvent(event, BODY + 13);
  }

  /** The event that ends a `LOAD DATA` in statement format, which has a statement as well. */
  static parseLoad(event: Buffer): QueryEvent {
    return new QueryEvent(event, BODY + 13 + LOAD_FIELDS);
  }

  /** The default database; "" when none was chosen. */
  get schema(): string {
    const end = this.#schemaStart + this.#event.readUInt8(BODY + 8);
    return this.#event.toString("utf8", this.#schemaStart, end);
  }

  /** See `StatusVariables`. */
  get databases(): readonly string[] | null {
    return this.#variables.databases;
  }

  /** Throws UnsupportedEventError for a character set that MySQL 9.7 does not come with. */
  get dialect(): Dialect {
    const { sqlMode, collation } = this.#variables;
    const charset =
      collation === null || this.#isWrittenByServer ? "utf8mb4" : charsetOfCollation(collation);
    return {
      // A session of character set binary gives its names in the server's own character set, which is utf8mb3.
      charset: charset === "binary" ? "utf8mb4" : charset,
      ansiQuotes: (sqlMode & ANSI_QUOTES) !== 0,
      backslashEscapes: (sqlMode & NO_BACKSLASH_ESCAPES) === 0,
    };
  }

  get #isWrittenByServer(): boolean {
    if (this.#variables.saysDatabases) return false;
    return WRITTEN_BY_SERVER.test(this.text.toString("latin1", 0, WRITTEN_BY_SERVER_LENGTH));
  }

  get #variables(): StatusVariables {
    this.#status ??= parseStatusVariables(
      this.#event.subarray(this.#statusStart, this.#schemaStart),
    );
    return this.#status;
  }
}
