import { createConnection, type RowDataPacket } from "mysql2/promise";
import type { MysqlServer } from "../../infra/local/mysql/mysql-server.ts";
import { startMysqlServer } from "../../infra/local/mysql/start-mysql-server.ts";

/** Settings that the reader needs. They are restored whatever a test file has changed. */
const SETTINGS = {
  binlog_format: "ROW",
  binlog_row_image: "FULL",
  binlog_row_metadata: "FULL",
  binlog_row_value_options: "",
  binlog_transaction_compression: "OFF",
  binlog_checksum: "CRC32",
};

/** A server with the settings that mysqltest needs. */
export async function startSuiteServer(): Promise<MysqlServer> {
  return startMysqlServer({
    variables: {
      local_infile: true,
      log_bin_trust_function_creators: true,
      secure_file_priv: "",
      max_allowed_packet: "256M",
      gtid_mode: "OFF",
      enforce_gtid_consistency: "OFF",
      innodb_buffer_pool_size: "256M",
    },
  });
}

/** Resets the server for the next file. Returns the binlog file that begins now. */
export async function prepare(server: MysqlServer): Promise<string> {
  await using admin = await administrator(server);
  for (const [name, value] of Object.entries(SETTINGS))
    await admin.connection.query(`SET GLOBAL ${name} = '${value}'`);
  const [databases] = await admin.connection.query<RowDataPacket[]>("SHOW DATABASES");
  for (const row of databases) {
    const name = String(row["Database"]);
    if (!["mysql", "sys", "information_schema", "performance_schema"].includes(name))
      await admin.connection.query(`DROP DATABASE \`${name.replaceAll("`", "``")}\``);
  }
  await admin.connection.query("CREATE DATABASE test");
  await admin.connection.query("FLUSH BINARY LOGS");
  const names = await binlogNames(admin.connection);
  const present = names.at(-1) ?? "";
  await admin.connection.query(`PURGE BINARY LOGS TO '${present}'`);
  return present;
}

/** The finished binlog files, from `first` on. */
export async function binlogsFrom(server: MysqlServer, first: string): Promise<string[]> {
  await using admin = await administrator(server);
  await admin.connection.query("FLUSH BINARY LOGS");
  const names = await binlogNames(admin.connection);
  return names.slice(names.indexOf(first), -1);
}

async function binlogNames(connection: Administrator["connection"]): Promise<string[]> {
  const [rows] = await connection.query<RowDataPacket[]>("SHOW BINARY LOGS");
  return rows.map((row) => String(row["Log_name"]));
}

interface Administrator extends AsyncDisposable {
  readonly connection: Awaited<ReturnType<typeof createConnection>>;
}

async function administrator({ host, port, user, password }: MysqlServer): Promise<Administrator> {
  const connection = await createConnection({ host, port, user, password, connectTimeout: 5000 });
  return { connection, [Symbol.asyncDispose]: () => connection.end() };
}
