import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { MysqlServer } from "../../infra/local/mysql/mysql-server.ts";

const TIMEOUT_MS = 60_000;

/**
 * Runs one of MySQL's test files against a server. The result is not compared with the expected
 * one: if the file fails midway, what it wrote before is still used. Resolves to whether the file
 * ran to its end.
 */
export async function runMysqltest(
  tests: string,
  file: string,
  server: MysqlServer,
  work: string,
): Promise<boolean> {
  const root = dirname(dirname(server.programs.mysqld));
  const libraries = join(root, "usr/lib", await libraryFolder(root));
  const loader = (await readdir(libraries)).find((name) => name.startsWith("ld-linux-")) ?? "";
  const child = spawn(
    join(libraries, loader),
    [
      "--library-path",
      libraries,
      join(tests, "bin/mysqltest"),
      "--no-defaults",
      `--host=${server.host}`,
      `--port=${server.port}`,
      `--user=${server.user}`,
      `--password=${server.password}`,
      "--database=test",
      "--silent",
      `--basedir=${tests}/`,
      `--tmpdir=${work}`,
      `--logdir=${work}`,
      `--test-file=${file}`,
    ],
    {
      cwd: tests,
      env: {
        PATH: process.env["PATH"],
        LC_ALL: "C",
        MYSQL_TEST_DIR: tests,
        MYSQLTEST_VARDIR: work,
        MYSQL_TMP_DIR: work,
        MASTER_MYPORT: String(server.port),
        MASTER_MYSOCK: join(server.dataDir, "mysqld.sock"),
        DEFAULT_MASTER_PORT: String(server.port),
        MYSQLD_DATADIR: server.dataDir,
        ENGINE: "InnoDB",
      },
      stdio: "ignore",
    },
  );
  const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
  await once(child, "exit");
  clearTimeout(timer);
  return child.exitCode === 0;
}

async function libraryFolder(root: string): Promise<string> {
  const names = await readdir(join(root, "usr/lib"));
  return names.find((name) => name.endsWith("-linux-gnu")) ?? "";
}
