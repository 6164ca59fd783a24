import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { TestMysql } from "./mysql.ts";

const run = promisify(execFile);

/**
 * The statements that replay a server's binlog file, made by mysqlbinlog as MySQL's manual says.
 */
export async function recordedStatements(mysql: TestMysql, file: string): Promise<string> {
  const { programs, dataDir } = mysql.server;
  const { stdout } = await run(
    programs.mysqlbinlog ?? "mysqlbinlog",
    ["--skip-gtids", `${dataDir}/${file}`],
    { maxBuffer: 2 ** 28 },
  );
  return stdout;
}

/** Runs such statements on a server. */
export async function play(mysql: TestMysql, statements: string): Promise<void> {
  const { programs, host, port, user, password } = mysql.server;
  const client = run(
    programs.mysql ?? "mysql",
    [`--host=${host}`, `--port=${port}`, `--user=${user}`, "--binary-mode"],
    { env: { ...process.env, MYSQL_PWD: password } },
  );
  client.child.stdin?.end(statements);
  await client;
}

/** Replays a server's binlog file on the same server. */
export async function replay(mysql: TestMysql, file: string): Promise<void> {
  await play(mysql, await recordedStatements(mysql, file));
}

/** The name of the binlog file that the server writes now. */
export async function presentFile(mysql: TestMysql): Promise<string> {
  const [row] = await mysql.query<{ File: string }>("SHOW BINARY LOG STATUS");
  return row?.File ?? "";
}
