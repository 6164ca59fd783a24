import type { Connection, RowDataPacket } from "mysql2/promise";
import type { MysqlServer } from "../../../infra/local/mysql/mysql-server.ts";
import { BenchWriter, createOrders, type WriterOptions } from "../writers.ts";
import type { Stretch } from "./programs.ts";

const ENVIRONMENT = "bench";

/** Writes rows into a table of `createOrders`; the server's administrator writes them. */
export async function write(
  { host, port, user, password }: MysqlServer,
  load: Omit<WriterOptions, "environment">,
): Promise<void> {
  const mysql = { host, port, user, password };
  const environments = { [ENVIRONMENT]: { users: [{ user, password }], queues: {} } };
  await using writer = await BenchWriter.start(
    { mysql, environments },
    { ...load, environment: ENVIRONMENT },
  );
  await writer.ended;
}

/** Creates a table for `write`; returns where its first rows will be in the binlog. */
export async function newTable(
  connection: Connection,
  table: string,
): Promise<Omit<Stretch, "rows">> {
  await connection.query("USE shop");
  await createOrders(connection, table);
  const [logs] = await connection.query<RowDataPacket[]>("SHOW BINARY LOGS");
  const last = logs.at(-1);
  const [[executed]] = await connection.query<RowDataPacket[]>(
    "SELECT @@GLOBAL.gtid_executed AS gtids",
  );
  return {
    file: String(last?.["Log_name"]),
    position: Number(last?.["File_size"]),
    gtidsBefore: onOneLine(executed?.["gtids"]),
  };
}

/** The GTIDs before a binlog file. */
export async function gtidsBefore(connection: Connection, file: string): Promise<string> {
  const [events] = await connection.query<RowDataPacket[]>("SHOW BINLOG EVENTS IN ? LIMIT 2", [
    file,
  ]);
  return onOneLine(events.find((event) => event["Event_type"] === "Previous_gtids")?.["Info"]);
}

function onOneLine(gtids: unknown): string {
  return typeof gtids === "string" ? gtids.replaceAll(/\s/g, "") : "";
}
