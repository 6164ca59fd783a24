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
  /** The patterns of the tables that are read. */
  readonly tables: readonly string[];
  /** Whether the canary's table is made. */
  readonly canary: boolean;
  /** Whether the demonstration's tables are made. */
  readonly demo: boolean;
  /** Whether the session ledger is installed. */
  readonly ledger: boolean;
  /** Whether GTIDs carry tags of the users, on a server that supports it. */
  readonly tags: boolean;
  /** Absent: a free one. */
  readonly port?: number;
  /** The address by which other machines reach the server; it then listens on all addresses. */
  readonly host?: string;
  /** SQL statements that are run before the reader starts. */
  readonly schemaFile?: string;
  /** Where the data are kept. Absent: they are removed with the server. */
  readonly dataDirectory?: string;
  /**
   * Returns the password of an account: `user@host` for the environments and the administrator,
   * `reader` for the reader. Absent: random passwords.
   */
  readonly passwordOf?: (account: string) => string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Starts a server with the accounts of the environments and of the reader; disposing ends it.
 * Throws UsageError for accounts that the server uses itself, and SchemaError; then everything is
 * removed but a data directory.
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

/** How connections are registered; null: not at all. */
function registrationFor(
  { ledger, tags }: Pick<OwnServerOptions, "ledger" | "tags">,
  version: string,
): Registration | null {
  if (!tags || !hasTags(version)) return ledger ? "ledger" : null;
  return ledger ? "ledger-and-tags" : "tags";
}
