import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createDataDirectory } from "./data-template.ts";
import { PortInUseError } from "./errors.ts";
import { findMysql } from "./find-mysql.ts";
import { assertPortFree, freePort } from "./free-port.ts";
import { MysqlServer } from "./mysql-server.ts";
import { silent, type Progress } from "./progress.ts";
import { DEFAULT_VARIABLES, type ServerVariables } from "./server-variables.ts";

export interface MysqlServerOptions {
  /** The loopback port; a free one when absent. */
  readonly port?: number;
  /**
   * The data directory, kept after the end. When absent: a temporary directory, removed at the end.
   */
  readonly dataDir?: string;
  /** The administrator's; must need no quoting in SQL. When absent: a random one. */
  readonly password?: string;
  /** Added to `DEFAULT_VARIABLES`; a variable of the same name is replaced. */
  readonly variables?: ServerVariables;
  /** Environment variables of the server's process, added to those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Receives the progress of a download. */
  readonly progress?: Progress;
  /** Aborts the start; it does not affect a server that is ready. */
  readonly signal?: AbortSignal;
}

/**
 * Starts a MySQL server on 127.0.0.1; resolves when it accepts connections. It ends when it is
 * disposed, or when this process dies. Throws MysqlNotFoundError, MysqlStartError, or
 * PortInUseError when the requested port is taken.
 */
export async function startMysqlServer(options: MysqlServerOptions = {}): Promise<MysqlServer> {
  const { signal } = options;
  if (options.port !== undefined) await assertPortFree(options.port);
  const programs = await findMysql({
    progress: options.progress ?? silent,
    ...(signal === undefined ? {} : { signal }),
  });
  await using undo = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), "binlog-router-mysql-"));
  undo.defer(() => rm(home, { recursive: true, force: true }));

  const dataDir = resolve(options.dataDir ?? join(home, "data"));
  await mkdir(dataDir, { recursive: true });
  if ((await readdir(dataDir)).length === 0) await createDataDirectory(programs, dataDir);

  const password = options.password ?? randomBytes(18).toString("base64url");
  const initFile = join(home, "first-statements.sql");
  await writeFile(
    initFile,
    `SET sql_log_bin = 0;\nALTER USER 'root'@'localhost' IDENTIFIED BY '${password}';\n`,
    { mode: 0o600 },
  );
  // Another program may take a free port before the server does; then try another port.
  for (;;) {
    signal?.throwIfAborted();
    const server = new MysqlServer({
      programs,
      home,
      dataDir,
      port: options.port ?? (await freePort()),
      password,
      variables: { ...DEFAULT_VARIABLES, ...options.variables },
      environment: options.environment ?? {},
    });
    try {
      await server.start({ init_file: initFile });
      await rm(initFile);
      undo.move();
      return server;
    } catch (error) {
      if (!(error instanceof PortInUseError) || options.port !== undefined) throw error;
    }
  }
}
