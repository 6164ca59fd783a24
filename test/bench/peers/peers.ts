import { createConnection } from "mysql2/promise";
import { startLocalAws } from "@binlog-router/local-aws";
import { startMysqlServer } from "../../../infra/local/mysql/start-mysql-server.ts";
import type { BenchmarkRun } from "../benchmark.ts";
import { amounts, drainByMysqlbinlog, drainByReader, FIRST_EVENT } from "../read/drains.ts";
import { workloads } from "../read/workloads.ts";
import { gtidsBefore } from "./bench-server.ts";
import { MissingToolError } from "./build-peer.ts";
import { measureCallbackDelays } from "./callback-delays.ts";
import { compareDrains, type Program } from "./drains.ts";
import { drainByPeer } from "./peer-process.ts";
import { PEERS } from "./programs.ts";
import { measureQueueSenders } from "./queue-senders.ts";
import { measureRouter } from "./through-router.ts";

/**
 * Compares the router with other readers of the binlog: draining the workloads of `read`, with one
 * server, one file, and a new process each time; the delay to the reader's callback; and the whole
 * way through SQS to an application. A peer whose tools are missing, or that does not work, is left
 * out with a message.
 */
export async function benchPeers(run: BenchmarkRun): Promise<void> {
  await beside(run);
  await measureRouter(run);
}

/** What the peers and the reader do on one server without a router. */
async function beside(run: BenchmarkRun): Promise<void> {
  const { quick, seed, signal, progress } = run;
  progress("starting MySQL");
  await using mysql = await startMysqlServer({ signal });
  await using aws = await startLocalAws();
  const { host, port, user, password } = mysql;
  await using connection = await createConnection({ host, port, user, password });
  const reader: Program = {
    name: "reader, JSON frames",
    drain: (stretch) => drainByReader(aws, mysql, stretch),
  };
  const peers = new Set<Program>([
    ...PEERS.map((peer): Program => ({
      ...peer,
      drain: (stretch) => drainByPeer(peer, mysql, stretch, signal),
    })),
    {
      name: "mysqlbinlog --raw",
      async drain(stretch) {
        const rate = await drainByMysqlbinlog(mysql, stretch);
        if (rate === null) throw new MissingToolError("this MySQL installation has none");
        return rate;
      },
    },
  ]);
  for await (const workload of workloads(connection, { size: amounts(quick).size, seed })) {
    const stretch = {
      ...workload,
      position: FIRST_EVENT,
      gtidsBefore: await gtidsBefore(connection, workload.file),
    };
    await compareDrains(run, { stretch, reader, peers });
  }
  const servers = { mysql, aws, connection };
  await measureCallbackDelays(run, servers);
  await measureQueueSenders(run, servers);
}
