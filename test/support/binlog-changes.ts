import { open } from "node:fs/promises";
import { join } from "node:path";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import type { MysqlServer } from "../../infra/local/mysql/mysql-server.ts";
import { verifyChecksum } from "../../reader/binlog-format/events/checksum.ts";
import type { TableDefinition } from "../../reader/binlog-format/column.ts";
import { parseEventHeader } from "../../reader/binlog-format/events/event-header.ts";
import { EventType, isRowsEvent } from "../../reader/binlog-format/events/event-types.ts";
import {
  compileRowsDecoder,
  type RowsDecoder,
  rowsEventTableId,
} from "../../reader/binlog-format/rows/rows-event.ts";
import { RowCounter } from "../../reader/binlog-format/rows/row-counter.ts";
import { parseTableMap, parseTableMapColumns } from "../../reader/binlog-format/rows/table-map.ts";
import { transactionPayloadEvents } from "../../reader/binlog-format/events/transaction-payload.ts";

/** A changed row, decoded by the reader's rows decoder, and the definition of its table. */
export interface DecodedChange {
  readonly table: TableDefinition;
  readonly op: "c" | "u" | "d";
  readonly key: string;
  readonly oldKey: string;
  readonly before: string;
  readonly after: string;
}

/**
 * Follows a server's binlog file on disk, and has a connection to write with. Returns the events
 * with their checksums verified, or the decoded changes.
 */
export class BinlogFile implements AsyncDisposable {
  readonly connection: Connection;
  readonly #dataDir: string;
  #file: string;
  #position: number;

  private constructor(connection: Connection, dataDir: string, file: string, position: number) {
    this.connection = connection;
    this.#dataDir = dataDir;
    this.#file = file;
    this.#position = position;
  }

  /** Starts at the end of the binlog, with a new connection in the time zone UTC. */
  static async open(server: MysqlServer, database: string): Promise<BinlogFile> {
    const connection = await createConnection({
      host: server.host,
      port: server.port,
      user: server.user,
      password: server.password,
      charset: "utf8mb4",
      rowsAsArray: true,
      multipleStatements: true,
    });
    await connection.query(`CREATE DATABASE IF NOT EXISTS \`${database}\`; USE \`${database}\``);
    await connection.query("SET time_zone = '+00:00', sql_mode = ''");
    const { file, position } = await binlogEnd(connection);
    return new BinlogFile(connection, server.dataDir, file, position);
  }

  /** The position at which the server writes next. */
  end(): Promise<{ file: string; position: number }> {
    return binlogEnd(this.connection);
  }

  /** The events since the last call, each with its header and without its checksum. */
  async events(): Promise<Buffer[]> {
    const { file, position } = await binlogEnd(this.connection);
    if (file !== this.#file) [this.#file, this.#position] = [file, FIRST_EVENT];
    await using handle = await open(join(this.#dataDir, file));
    const bytes = Buffer.alloc(position - this.#position);
    await handle.read(bytes, 0, bytes.length, this.#position);
    this.#position = position;
    const events: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const { length } = parseEventHeader(bytes, at);
      events.push(verifyChecksum(bytes.subarray(at, at + length)));
      at += length;
    }
    return events;
  }

  /** The changes since the last call. */
  async changes(): Promise<DecodedChange[]> {
    return decodeChanges(await this.events());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.end();
  }
}

const FIRST_EVENT = 4;

/**
 * Decodes the changes in a series of events, including compressed transactions. Throws when the
 * RowCounter of the reader counts another number of rows.
 */
export function decodeChanges(events: Iterable<Buffer>): DecodedChange[] {
  const decoders = new Map<number, RowsDecoder>();
  const counters = new Map<number, RowCounter>();
  const changes: DecodedChange[] = [];
  const decode = (event: Buffer): void => {
    const { type } = parseEventHeader(event);
    if (type === EventType.TABLE_MAP_EVENT) {
      const definition = parseTableMap(event);
      decoders.set(definition.id, compileRowsDecoder(definition));
      counters.set(definition.id, new RowCounter(parseTableMapColumns(event)));
    } else if (type === EventType.TRANSACTION_PAYLOAD_EVENT) {
      for (const inner of transactionPayloadEvents(event)) decode(inner);
    } else if (isRowsEvent(type)) {
      const id = rowsEventTableId(event);
      const decoder = decoders.get(id);
      if (decoder === undefined) throw new Error("rows without a table map");
      const rows = decoder.decode(event, (op, { key, oldKey, before, after }) => {
        changes.push({ table: decoder.definition, op, key, oldKey, before, after });
      });
      const counted = counters.get(id)?.count(event);
      if (counted !== rows) throw new Error(`${rows} rows were decoded, and ${counted} counted`);
    }
  };
  for (const event of events) decode(event);
  return changes;
}

async function binlogEnd(connection: Connection): Promise<{ file: string; position: number }> {
  const [rows] = await connection
    .query<RowDataPacket[][]>("SHOW BINARY LOG STATUS")
    .catch(() => connection.query<RowDataPacket[][]>("SHOW MASTER STATUS")); // before MySQL 8.2
  const [file, position] = rows[0] as unknown as [string, number];
  return { file, position };
}
