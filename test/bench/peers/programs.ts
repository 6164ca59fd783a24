import { join } from "node:path";
import type { MysqlServer } from "../../../infra/local/mysql/mysql-server.ts";
import type { Target } from "../benchmark.ts";
import { goMysqlProgram, javaClassPath } from "./build-peer.ts";

/** A part of the binlog that a program reads. */
export interface Stretch {
  readonly file: string;
  /** Where in the file it begins. */
  readonly position: number;
  /** The GTIDs before it, in MySQL's notation on one line. */
  readonly gtidsBefore: string;
  /** How many rows of the database `shop` come from there on. */
  readonly rows: number;
}

/** A program that reads the same binlog and writes each row as JSON to /dev/null. */
export interface Peer {
  readonly name: string;
  /** For the reader's ratio to the peer. */
  readonly target?: Target;
  /** It drains each workload in the first round only, because it is slow. */
  readonly isSlow?: true;
  /** Of the queue that it sends each row to where PEER_QUEUE_URL names one; absent: it cannot. */
  readonly queue?: { readonly isFifo: boolean };
  /** The same with a setting with which changes arrive sooner. */
  readonly sooner?: Peer;
  /**
   * Builds the peer if necessary; returns its command line. `serverId`: an unused one. Throws
   * MissingToolError.
   */
  command(options: CommandOptions): Promise<readonly string[]>;
}

interface CommandOptions {
  readonly mysql: MysqlServer;
  readonly stretch: Stretch;
  readonly serverId: number;
  readonly signal: AbortSignal;
}

const JVM = ["java", "-Xmx1g", "-Dfile.encoding=UTF-8"];

export const ZONGJI: Peer = {
  name: "zongji + JSON.stringify",
  command: async () => [process.execPath, join(import.meta.dirname, "../read/zongji-process.ts")],
};

const GO_MYSQL: Peer = {
  name: "go-mysql 1.16.0 canal, JSON lines",
  target: { atLeast: 2 },
  command: async ({ signal }) => [await goMysqlProgram(signal)],
};

const MAXWELL: Peer = {
  name: "Maxwell 1.22.6, stdout",
  // Its SQS producer names no message group, which a FIFO queue requires.
  queue: { isFifo: false },
  command: async ({ mysql: { host, port, user, password }, stretch, serverId, signal }) => [
    ...JVM,
    "-cp",
    await javaClassPath("maxwell", signal),
    "com.zendesk.maxwell.Maxwell",
    `--host=${host}`,
    `--port=${port}`,
    `--user=${user}`,
    `--password=${password}`,
    "--jdbc_options=sslMode=DISABLED&allowPublicKeyRetrieval=true&autoReconnect=true",
    `--init_position=${stretch.file}:${stretch.position}`,
    "--filter=exclude: *.*, include: shop.*",
    "--custom_producer.factory=peers.MaxwellPeer$Factory",
    // Its own, because it would take the tables' definitions from those of an earlier process.
    `--schema_database=maxwell_${serverId}`,
    `--client_id=peer${serverId}`,
    `--replica_server_id=${serverId}`,
    "--log_level=warn",
  ],
};

const CANAL: Peer = {
  name: "canal 1.1.7 embedded, flat messages",
  isSlow: true,
  command: async ({ signal }) => [
    ...JVM,
    "-cp",
    await javaClassPath("canal", signal),
    "peers.CanalPeer",
  ],
};

/** The peers, in the order of the tables. */
export const PEERS: readonly Peer[] = [
  ZONGJI,
  GO_MYSQL,
  MAXWELL,
  {
    ...debezium("Debezium 3.6.1 engine"),
    sooner: debezium("Debezium 3.6.1 engine (poll.interval.ms=10)", "poll.interval.ms=10"),
  },
  CANAL,
];

function debezium(name: string, ...properties: readonly string[]): Peer {
  return {
    name: `${name}, JSON`,
    queue: { isFifo: true },
    command: async ({ signal }) => [
      ...JVM,
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
      "-cp",
      await javaClassPath("debezium", signal),
      "peers.DebeziumPeer",
      ...properties,
    ],
  };
}

/** Without what the program does with a row: "go-mysql 1.16.0 canal, JSON lines". */
export function shortName(peer: string): string {
  return peer.replace(/(,| \+ ).*/, "");
}
