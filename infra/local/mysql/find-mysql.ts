import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { OLDEST_VERSION_TEXT } from "../../../reader/source/server-version.ts";
import { cacheDirectory } from "./cache-directory.ts";
import { downloadMysql, NEEDED_PROGRAMS } from "./download-mysql.ts";
import { MysqlNotFoundError } from "./errors.ts";
import { silent, type Progress } from "./progress.ts";
import { parseServerVersion } from "./version.ts";

/** Paths of MySQL's programs, all executable. */
export interface MysqlPrograms {
  /** The server's version, like `9.7.4`. */
  readonly version: string;
  readonly mysqld: string;
  /** The command line clients; null for one that this installation lacks. */
  readonly mysql: string | null;
  readonly mysqlbinlog: string | null;
  readonly mysqladmin: string | null;
}

export interface FindMysqlOptions {
  readonly environment?: NodeJS.ProcessEnv;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

// Where packages install mysqld; on Debian the PATH of ordinary users leaves out /usr/sbin.
const USUAL_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/usr/local/mysql/bin"];

/**
 * Finds the programs of a MySQL release that the reader supports: those of the server that
 * `$BINLOG_ROUTER_MYSQLD` names, else of `mysqld` on PATH or in a usual folder, else Debian's
 * packages, downloaded once into the cache directory. Throws MysqlNotFoundError when there are
 * none.
 */
export async function findMysql(options: FindMysqlOptions = {}): Promise<MysqlPrograms> {
  const environment = options.environment ?? process.env;
  const named = environment["BINLOG_ROUTER_MYSQLD"];
  if (named !== undefined && named !== "") return namedPrograms(named);

  const refused: string[] = [];
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const folder of new Set([...folders, ...USUAL_FOLDERS])) {
    const mysqld = join(folder, "mysqld");
    if (!(await isExecutable(mysqld))) continue;
    const found = await examine(mysqld);
    if (typeof found !== "string") return found;
    refused.push(found);
  }
  try {
    return await downloadMysql({
      directory: cacheDirectory(environment),
      progress: options.progress ?? silent,
      lacking: await lackingPrograms(folders),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      examine,
    });
  } catch (cause) {
    if (options.signal?.aborted === true) throw cause;
    throw new MysqlNotFoundError(
      [
        `no MySQL server ${OLDEST_VERSION_TEXT} or later on this machine`,
        ...refused.map((reason) => `  not usable: ${reason}`),
        `  download from Debian: ${cause instanceof Error ? cause.message : String(cause)}`,
        "Install one (MySQL's or Percona's packages; not MariaDB) so that mysqld is on PATH, or name it:",
        "  BINLOG_ROUTER_MYSQLD=/path/to/mysqld",
        "Or use one in a container:",
        "  docker run --rm -p 3306:3306 -e MYSQL_ROOT_PASSWORD=local mysql:8.4 \\",
        "    --gtid-mode=ON --enforce-gtid-consistency=ON --binlog-row-metadata=FULL",
        "  npm start -- --mysql mysql://root:local@127.0.0.1:3306",
      ].join("\n"),
      { cause },
    );
  }
}

async function namedPrograms(mysqld: string): Promise<MysqlPrograms> {
  const found = (await isExecutable(mysqld))
    ? await examine(mysqld)
    : `${mysqld} is not an executable file`;
  if (typeof found === "string") throw new MysqlNotFoundError(`BINLOG_ROUTER_MYSQLD: ${found}`);
  return found;
}

/** The programs of the installation of a mysqld, or the reason why it cannot be used. */
async function examine(mysqld: string): Promise<MysqlPrograms | string> {
  let text: string;
  try {
    text = (await promisify(execFile)(mysqld, ["--no-defaults", "--version"])).stdout;
  } catch (error) {
    return `${mysqld} cannot be run (${error instanceof Error ? error.message.trim() : String(error)})`;
  }
  const server = parseServerVersion(text);
  if (server === null) return `${mysqld} is not a MySQL server`;
  if (server.unusable !== null) return `${mysqld} is ${server.unusable}`;
  return {
    version: server.version,
    mysqld,
    mysql: await beside(mysqld, "mysql"),
    mysqlbinlog: await beside(mysqld, "mysqlbinlog"),
    mysqladmin: await beside(mysqld, "mysqladmin"),
  };
}

async function beside(mysqld: string, program: string): Promise<string | null> {
  const folder = dirname(mysqld);
  for (const path of [join(folder, program), join(folder, "../bin", program)]) {
    if (await isExecutable(path)) return path;
  }
  return null;
}

/** The programs that a download needs and that none of the folders contains. */
async function lackingPrograms(folders: readonly string[]): Promise<string[]> {
  const lacking: string[] = [];
  for (const program of NEEDED_PROGRAMS) {
    const found = await Promise.all(folders.map((folder) => isExecutable(join(folder, program))));
    if (!found.includes(true)) lacking.push(program);
  }
  return lacking;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
