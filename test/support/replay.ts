import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { TestMysql } from "./mysql.ts";

const run = promisify(execFile);

/** Plays a server's binlog file again on that server, as MySQL's manual has it. */
export async function replay(mysql: TestMysql, file: string): Promise<void> {
  const { programs, dataDir, host, port, user, password } = mysql.server;
  const { stdout } = await run(
    programs.mysqlbinlog ?? "mysqlbinlog",
    ["--skip-gtids", `${dataDir}/${file}`],
    { maxBuffer: 2 ** 28 },
  );
  const client = run(
    programs.mysql ?? "mysql",
    [`--host=${host}`, `--port=${port}`, `--user=${user}`, "--binary-mode"],
    { env: { ...process.env, MYSQL_PWD: password } },
  );
  client.child.stdin?.end(stdout);
  await client;
}

/** The name of the binlog file that is written to. */
export async function presentFile(mysql: TestMysql): Promise<string> {
  const [row] = await mysql.query<{ File: string }>("SHOW BINARY LOG STATUS");
  return row?.File ?? "";
}
