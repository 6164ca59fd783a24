import type { Connection, RowDataPacket } from "mysql2/promise";
import { BINLOG_VARIABLES, binlogFindings } from "./binlog-checks.ts";
import { SourceSettingError } from "../reporting/errors.ts";
import { binlogOff } from "./mysql-errors.ts";
import { askRetention, type Retention, RETENTION_VARIABLES } from "./retention.ts";
import type { ServerVariables } from "./server-variables.ts";
import { isAtLeast } from "./server-version.ts";
import { firstWrittenFile, type ListedFile } from "./written-files.ts";

/** The server's state when the reader connects. */
export interface ServerState {
  /** `@@server_uuid` */
  readonly uuid: string;
  readonly serverId: number;
  readonly version: string;
  readonly gtids: boolean;
  /** "" without GTIDs. */
  readonly gtidExecuted: string;
  /** The executed GTIDs that no binlog file of the server contains. */
  readonly gtidPurged: string;
  /** Whether the server's binlog contains what the server applies as a replica. */
  readonly logsReplicated: boolean;
  /** The end of the binlog when the state was read: file and offset. */
  readonly file: string;
  readonly offset: number;
  readonly oldestFile: string;
  readonly files: readonly string[];
  /** In bytes, when the state was read. */
  readonly fileSizes: ReadonlyMap<string, number>;
  /** See `firstWrittenFile`. */
  readonly firstWrittenFile: string | null;
  /** Whether the server compares table names in lower case: `lower_case_table_names` is 1 or 2. */
  readonly lowerCaseNames: boolean;
  readonly retention: Retention;
}

const LOGS_REPLICATED = "log_replica_updates";

const STATE = `SELECT @@server_uuid AS uuid, @@server_id AS serverId, VERSION() AS version,
  @@global.gtid_mode AS gtidMode, @@global.gtid_executed AS executed, @@global.gtid_purged AS purged,
  @@global.lower_case_table_names AS lowerCaseNames`;

/**
 * Queries the server's state. Throws SourceSettingError if a variable would make the reader lose or
 * garble changes.
 */
export async function readServerState(connection: Connection): Promise<ServerState> {
  const variables = await requireReadableBinlog(connection);
  const [rows] = await connection.query<RowDataPacket[]>(STATE);
  const row: Partial<RowDataPacket> = rows[0] ?? {};
  const text = (name: string): string => String(row[name] ?? "");
  const { file, offset } = await binlogEnd(connection, text("version"));
  const listed = await binlogFiles(connection);
  const files = [...listed.keys()];
  return {
    uuid: text("uuid"),
    serverId: Number(row["serverId"]),
    version: text("version"),
    gtids: text("gtidMode") === "ON",
    gtidExecuted: text("executed").replace(/\s/g, ""),
    gtidPurged: text("purged").replace(/\s/g, ""),
    logsReplicated: variables.get(LOGS_REPLICATED) !== "OFF",
    file,
    offset,
    oldestFile: files[0] ?? file,
    files,
    fileSizes: new Map([...listed].map(([name, { size }]) => [name, size])),
    firstWrittenFile: await firstWrittenFile(connection, listed),
    lowerCaseNames: text("lowerCaseNames") !== "0",
    retention: await askRetention(connection, variables),
  };
}

/** Whether `set` contains every GTID of `subset`. */
export async function isGtidSubset(
  connection: Connection,
  subset: string,
  set: string,
): Promise<boolean> {
  const [rows] = await connection.query<RowDataPacket[]>("SELECT GTID_SUBSET(?, ?) AS inside", [
    subset,
    set,
  ]);
  return String(rows[0]?.["inside"]) === "1";
}

/** Runs the binlog checks of `npm run doctor`; throws SourceSettingError for the first loss. */
async function requireReadableBinlog(connection: Connection): Promise<ServerVariables> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)",
    [[...BINLOG_VARIABLES, ...RETENTION_VARIABLES, LOGS_REPLICATED]],
  );
  const variables = new Map(
    rows.map((row) => [String(row["Variable_name"]), String(row["Value"])]),
  );
  const loss = binlogFindings(variables).find(({ severity }) => severity === "loss");
  if (loss === undefined) return variables;
  const { check, why, remedy } = loss;
  throw new SourceSettingError(check, variables.get(check) ?? "absent", why, remedy);
}

/** The present end of the binlog; later commits are written behind it. */
export async function binlogEnd(
  connection: Connection,
  version: string,
): Promise<{ file: string; offset: number }> {
  const statement = isAtLeast(version, [8, 2]) ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS";
  const [rows] = await connection.query<RowDataPacket[]>(statement);
  const row = rows[0];
  if (row === undefined) throw binlogOff();
  return { file: String(row["File"]), offset: Number(row["Position"]) };
}

/** The binlog files by name, in the order in which they were written. */
async function binlogFiles(connection: Connection): Promise<Map<string, ListedFile>> {
  const [rows] = await connection.query<RowDataPacket[]>("SHOW BINARY LOGS");
  return new Map(
    rows.map((row) => [
      String(row["Log_name"]),
      { size: Number(row["File_size"]), isEncrypted: row["Encrypted"] === "Yes" },
    ]),
  );
}
