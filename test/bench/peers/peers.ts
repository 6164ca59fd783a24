import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise";
import { type LocalAws, startLocalAws } from "@binlog-router/local-aws";
import type { MysqlServer } from "../../../infra/local/mysql/mysql-server.ts";
import { startMysqlServer } from "../../../infra/local/mysql/start-mysql-server.ts";
import type { BenchmarkRun } from "../benchmark.ts";
import { medianPair, type Pair } from "../pairs.ts";
import { drainByReader } from "../read/drains.ts";
import { type Workload, workloads } from "../read/workloads.ts";
import { MissingToolError } from "./build-peer.ts";
import { drainByPeer, type Peer, PEERS, type Stretch } from "./drain-by-peer.ts";

/** How many times reader and peer each read the workload, one after the other; an odd number. */
const ROUNDS = 3;

/**
 * Compares the reader with other readers of the binlog on the workloads of `read`: one server, one
 * file, a new process each time. A peer whose tools are missing, or that does not work, is left out
 * with a message.
 */
export async function benchPeers(run: BenchmarkRun): Promise<void> {
  const { quick, seed, signal, progress } = run;
  progress("starting MySQL");
  await using mysql = await startMysqlServer({ signal });
  await using aws = await startLocalAws();
  const { host, port, user, password } = mysql;
  await using connection = await createConnection({ host, port, user, password });
  const peers = new Set(PEERS);
  for await (const workload of workloads(connection, { size: quick ? 0.05 : 1, seed })) {
    const stretch = { ...workload, gtidsBefore: await gtidsBefore(connection, workload) };
    for (const peer of peers) {
      try {
        await compare(run, { mysql, aws, stretch, peer });
      } catch (error) {
        signal.throwIfAborted();
        // A peer that cannot be built is not tried again.
        if (error instanceof MissingToolError) peers.delete(peer);
        progress(
          `${peer.name} is left out of ${workload.name}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  }
}

async function compare(
  { quick, signal, report, progress }: BenchmarkRun,
  {
    mysql,
    aws,
    stretch,
    peer,
  }: {
    readonly mysql: MysqlServer;
    readonly aws: LocalAws;
    readonly stretch: Stretch;
    readonly peer: Peer;
  },
): Promise<void> {
  const pairs: Pair[] = [];
  for (let round = 1; round <= (quick ? 1 : ROUNDS); round++) {
    signal.throwIfAborted();
    progress(`${stretch.name}, ${peer.name}, round ${round}`);
    const beside = await drainByPeer(peer, mysql, stretch, signal);
    pairs.push({ value: await drainByReader(aws, mysql, stretch), beside });
  }
  const { value, beside } = medianPair(pairs);
  report({
    work: stretch.name,
    name: "reader, JSON frames",
    value,
    unit: "rows/s",
    beside: { name: peer.name, value: beside },
  });
}

/** The GTIDs before the workload's file. */
async function gtidsBefore(connection: Connection, { file }: Workload): Promise<string> {
  const [events] = await connection.query<RowDataPacket[]>("SHOW BINLOG EVENTS IN ? LIMIT 2", [
    file,
  ]);
  const previous = events.find((event) => event["Event_type"] === "Previous_gtids");
  return String(previous?.["Info"] ?? "").replaceAll(/\s/g, "");
}
