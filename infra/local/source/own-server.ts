import { createConnection } from "mysql2/promise";
import { CREATE_CANARY_TABLE } from "../../../config/canary-names.ts";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import { hasTags, type Registration } from "../../../operator/ledger/tagging.ts";
import { isGlob } from "../../../wire/glob.ts";
import { DEMO_SCHEMA } from "./demonstration-schema.ts";
import type { Progress } from "../mysql/progress.ts";
import { startMysqlServer } from "../mysql/start-mysql-server.ts";
import {
  configuredDatabases,
  createAccounts,
  createReaderAccount,
  newPassword,
  plannedAccounts,
  refuseOwnAccounts,
} from "./accounts.ts";
import { loadSchema } from "./load-schema.ts";
import type { Source } from "./source.ts";

export interface OwnServerOptions {
  readonly environments: Readonly<Record<string, { readonly users: readonly string[] }>>;
  /** Which tables are read. */
  readonly tables: readonly string[];
  /** Whether the canary's table is made. */
  readonly canary: boolean;
  /** Whether the demonstration's tables are made. */
  readonly demo: boolean;
  /** Whether the session ledger is installed. */
  readonly ledger: boolean;
  /** Whether GTIDs carry the tags of users, where the server can. */
  readonly tags: boolean;
  /** A free one when absent. */
  readonly port?: number;
  /** By which others reach it; then it listens on all addresses. */
  readonly host?: string;
  /** SQL statements that are run before the reader starts. */
  readonly schemaFile?: string;
  /** Where the data are kept; left out: they go with the server. */
  readonly dataDirectory?: string;
  /**
   * Of an account, `user@host`: the environments', the administrator's and the reader's. Left out:
   * a random one each.
   */
  readonly passwordOf?: (account: string) => string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * A server with an account for each environment and one for the reader; disposing ends it. Throws
 * UsageError for accounts that it needs for itself, SchemaError; then nothing is left, but what is
 * in a data directory.
 */
export async function startOwnServer(options: OwnServerOptions): Promise<Source> {
  const { port, schemaFile, dataDirectory, passwordOf = newPassword, progress, signal } = options;
  const planned = plannedAccounts(options.environments);
  refuseOwnAccounts(planned);
  await using started = new AsyncDisposableStack();
  const server = started.use(
    await startMysqlServer({
      ...(port !== undefined && { port }),
      ...(dataDirectory !== undefined && { dataDir: dataDirectory }),
      password: passwordOf("root@localhost"),
      ...(options.host !== undefined && { variables: { bind_address: "0.0.0.0" } }),
      progress,
      signal,
    }),
  );
  const { host, user, password } = server;
  await using connection = await createConnection({ host, port: server.port, user, password });
  if (options.demo) {
    for (const statement of DEMO_SCHEMA) await connection.query(statement);
  }
  const databases = configuredDatabases(options.tables);
  const accounts = await createAccounts(connection, planned, databases, passwordOf);
  if (options.canary) await connection.query(CREATE_CANARY_TABLE);
  if (schemaFile !== undefined) {
    await loadSchema(
      server,
      schemaFile,
      databases.find((name) => !isGlob(name)),
    );
  }
  const reader = await createReaderAccount(connection, databases, passwordOf("reader"));
  const registration = registrationFor(options, server.version);
  if (registration !== null) await installLedger(connection, registration);
  const running = started.move();
  return {
    host: options.host ?? host,
    port: server.port,
    version: server.version,
    administrator: { user, password },
    reader,
    tls: "off",
    accounts,
    pid: server.pid,
    client: server.programs.mysql ?? "mysql",
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** What connections are registered by; null when they are not. */
function registrationFor(
  { ledger, tags }: Pick<OwnServerOptions, "ledger" | "tags">,
  version: string,
): Registration | null {
  if (!tags || !hasTags(version)) return ledger ? "ledger" : null;
  return ledger ? "ledger-and-tags" : "tags";
}
