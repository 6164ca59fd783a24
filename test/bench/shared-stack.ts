import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPool, type Pool } from "mysql2/promise";
import { readCounters, type LocalCounters } from "./capacity/local-counters.ts";
import { compileSources } from "./compile-sources.ts";
import type { StackFile } from "../../operator/shared/stack-file.ts";
import { startProcess } from "../support/start/local-stack.ts";

/** A whole router with its own MySQL, which benchmarks write to and subscribe to. */
export interface SharedStack extends AsyncDisposable {
  readonly file: StackFile;
  /** The `performance.now()` at which it was ready. */
  readonly readyAtMs: number;
  /** Opens a pool of the environment's user, in the database `shop`. */
  readonly pool: (environment: string, connections: number) => Pool;
  /** Returns requests and bytes since the start. */
  readonly counters: () => Promise<LocalCounters>;
}

export interface StackConfiguration {
  readonly environments: Readonly<Record<string, { readonly users: readonly string[] }>>;
  readonly subscribers: Readonly<Record<string, object>>;
  readonly [more: string]: unknown;
}

/** The shared stack's configuration: three environments, one subscriber of the database `shop`. */
export const SHARED: StackConfiguration = {
  environments: {
    production: { users: ["app_prod"] },
    staging: { users: ["app_staging"] },
    test: { users: ["app_test"] },
  },
  subscribers: { billing: { tables: ["shop.*"] } },
};

/** The same with more settings of the subscriber. */
export function sharedWith(settings: object): StackConfiguration {
  return { ...SHARED, subscribers: { billing: { ...SHARED.subscribers["billing"], ...settings } } };
}

/**
 * Runs `npm start -- --no-demo` with this configuration. Disposing stops it and removes its files.
 */
export async function startStack(configuration: StackConfiguration): Promise<SharedStack> {
  await using started = new AsyncDisposableStack();
  await compileSources();
  const directory = await mkdtemp(join(tmpdir(), "binlog-router-bench-"));
  started.defer(() => rm(directory, { recursive: true }));
  const configFile = join(directory, "config.json");
  await writeFile(
    configFile,
    JSON.stringify({ name: "shop", source: { tables: ["shop.*"] }, ...configuration }),
  );
  const start = started.use(startProcess(["--no-demo", "--config", configFile]));
  const file = await start.ready();
  const { host, port } = file.mysql;
  const running = started.move();
  return {
    file,
    readyAtMs: performance.now(),
    pool(environment, connections) {
      const [account] = file.environments[environment]?.users ?? [];
      if (account === undefined) throw new RangeError(`no account in ${environment}`);
      const pool = createPool({
        host,
        port,
        ...account,
        database: "shop",
        connectionLimit: connections,
      });
      running.defer(() => pool.end());
      return pool;
    },
    counters: () => readCounters(file, start.stateDirectory),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
