import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { MysqlServer } from "../../../infra/local/mysql/mysql-server.ts";
import type { Target } from "../benchmark.ts";
import type { Workload } from "../read/workloads.ts";
import { goMysqlProgram, javaClassPath } from "./build-peer.ts";

const TIMEOUT_MS = 300_000;
let serverIds = 4800;

/** A workload, and where a peer begins to read. */
export interface Stretch extends Workload {
  /** The GTIDs before the file, in MySQL's notation on one line. */
  readonly gtidsBefore: string;
}

/** A program that reads the same binlog and writes each row as JSON to /dev/null. */
export interface Peer {
  readonly name: string;
  /** For the reader's ratio to the peer. */
  readonly target?: Target;
  /** Builds the peer if necessary; returns its command line. Throws MissingToolError. */
  command(mysql: MysqlServer, stretch: Stretch, signal: AbortSignal): Promise<readonly string[]>;
}

const JVM = ["java", "-Xmx1g", "-Dfile.encoding=UTF-8"];

export const PEERS: readonly Peer[] = [
  {
    name: "go-mysql 1.16.0 canal, JSON lines",
    target: { atLeast: 2 },
    command: async (_mysql, _stretch, signal) => [await goMysqlProgram(signal)],
  },
  {
    name: "Maxwell 1.22.6, stdout",
    command: async ({ host, port, user, password }, { file }, signal) => [
      ...JVM,
      "-cp",
      await javaClassPath("maxwell", signal),
      "com.zendesk.maxwell.Maxwell",
      `--host=${host}`,
      `--port=${port}`,
      `--user=${user}`,
      `--password=${password}`,
      "--jdbc_options=sslMode=DISABLED&allowPublicKeyRetrieval=true&autoReconnect=true",
      `--init_position=${file}:4`,
      "--filter=exclude: *.*, include: shop.*",
      "--custom_producer.factory=peers.MaxwellPeer$Factory",
      `--client_id=peer${serverIds}`,
      `--replica_server_id=${++serverIds}`,
      "--log_level=warn",
    ],
  },
  {
    name: "Debezium 3.6.1 engine, JSON",
    command: async (_mysql, _stretch, signal) => [
      ...JVM,
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
      "-cp",
      await javaClassPath("debezium", signal),
      "peers.DebeziumPeer",
    ],
  },
];

/**
 * Runs a peer in its own process; returns rows per second, from the first rows to the last. Throws
 * MissingToolError when the peer cannot be built here, and another error when it ends early.
 */
export async function drainByPeer(
  peer: Peer,
  mysql: MysqlServer,
  stretch: Stretch,
  signal: AbortSignal,
): Promise<number> {
  const [program = "", ...options] = await peer.command(mysql, stretch, signal);
  await using cleanUp = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "peer-"));
  cleanUp.defer(() => rm(directory, { recursive: true }));
  const result = join(directory, "result.json");
  const child = spawn(program, options, {
    env: {
      ...process.env,
      PEER_HOST: mysql.host,
      PEER_PORT: String(mysql.port),
      PEER_USER: mysql.user,
      PEER_PASSWORD: mysql.password,
      PEER_SERVER_ID: String(++serverIds),
      PEER_FILE: stretch.file,
      PEER_GTIDS: stretch.gtidsBefore,
      PEER_ROWS: String(stretch.rows),
      PEER_RESULT: result,
    },
    stdio: ["ignore", "ignore", "pipe"],
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    killSignal: "SIGKILL",
  });
  const [log, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  if (code !== 0) throw new Error(`ended early: ${lastLines(log)}`);
  const { rows, rowsPerSecond } = JSON.parse(await readFile(result, "utf8")) as {
    readonly rows: number;
    readonly rowsPerSecond: number;
  };
  if (rows !== stretch.rows) throw new Error(`delivered ${rows} of ${stretch.rows} rows`);
  return rowsPerSecond;
}

function lastLines(log: string): string {
  return log.trim().split("\n").slice(-3).join(" | ").slice(0, 500);
}
