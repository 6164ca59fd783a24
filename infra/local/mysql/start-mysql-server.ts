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
   * Where the data lie, kept for the next time; a temporary directory, removed at the end, when
   * absent.
   */
  readonly dataDir?: string;
  /** The administrator's, of characters that need no quoting in SQL; a random one when absent. */
  readonly password?: string;
  /** In addition to `DEFAULT_VARIABLES`, or in place of some. */
  readonly variables?: ServerVariables;
  /** Hears about a download. */
  readonly progress?: Progress;
  /** Gives the start up; a server that is ready is not affected. */
  readonly signal?: AbortSignal;
}

/**
 * A MySQL server of our own on 127.0.0.1, ready for connections. It ends when it is disposed, or
 * when this process dies. Throws MysqlNotFoundError, MysqlStartError, or PortInUseError when the
 * port was asked for and is taken.
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
  // Another program may take a free port before our server does: then the next one.
  for (;;) {
    signal?.throwIfAborted();
    const server = new MysqlServer({
      programs,
      home,
      dataDir,
      port: options.port ?? (await freePort()),
      password,
      variables: { ...DEFAULT_VARIABLES, ...options.variables },
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
