import type { Connection } from "mysql2/promise";
import type { LocalAws } from "@binlog-router/local-aws";
import type { MysqlServer } from "../../../infra/local/mysql/mysql-server.ts";
import type { BenchmarkRun } from "../benchmark.ts";
import { SHORTEST_DELAY_MS } from "../delay/delay.ts";
import { FrameSink } from "../read/frame-sink.ts";
import { BenchOrders } from "../../support/snapshot/orders.ts";
import { startReader } from "../read/drains.ts";
import { newTable, write } from "./bench-server.ts";
import { leftOut } from "./drains.ts";
import { PeerProcess } from "./peer-process.ts";
import { type Peer, PEERS, type Stretch, shortName } from "./programs.ts";
import { delayFigures, ROUTER, ROUTER_SOONER, WORKS } from "./works.ts";

/** One-row transactions in the binlog before the program starts, so that it runs compiled code. */
const WARM_ROWS = 10_000;
const ROWS = 1000;
const LOAD = { rowsPerTransaction: 1, connections: 8 };
const PER_SECOND = 100;

interface Servers {
  readonly mysql: MysqlServer;
  readonly aws: LocalAws;
  readonly connection: Connection;
}

/**
 * The delay from sending a one-row transaction to MySQL until a program's callback has its JSON;
 * for the reader until its frame arrives at the queue.
 */
export async function measureCallbackDelays(run: BenchmarkRun, servers: Servers): Promise<void> {
  const { quick, signal, report, progress } = run;
  const { mysql, aws, connection } = servers;
  const warmRows = quick ? WARM_ROWS / 10 : WARM_ROWS;
  const rows = quick ? ROWS / 10 : ROWS;
  const programs: readonly (readonly [
    string,
    (table: string, from: Stretch) => Promise<number[]>,
  ])[] = [
    [ROUTER, (table, from) => byReader(table, from, {})],
    [
      ROUTER_SOONER,
      (table, from) => byReader(table, from, { DELAY_MS: String(SHORTEST_DELAY_MS) }),
    ],
    ...PEERS.flatMap((peer) => (peer.sooner === undefined ? [peer] : [peer, peer.sooner])).map(
      (peer) =>
        [
          shortName(peer.name),
          (table: string, from: Stretch) => byPeer(peer, table, from),
        ] as const,
    ),
  ];
  for (const [number, [name, delays]] of programs.entries()) {
    signal.throwIfAborted();
    progress(`${WORKS.callback}, ${name}`);
    const table = `callback_${number}`;
    const place = await newTable(connection, table);
    await write(mysql, { ...LOAD, tables: [table], rowsPerSecond: null, rows: warmRows });
    try {
      const measured = await delays(table, { ...place, rows: warmRows + rows });
      if (measured.length !== rows) throw new Error(`${measured.length} delays of ${rows} rows`);
      for (const figure of delayFigures(WORKS.callback, name, measured)) report(figure);
    } catch (error) {
      signal.throwIfAborted();
      if (name === ROUTER || name === ROUTER_SOONER) throw error;
      progress(leftOut(name, WORKS.callback, error));
    }
  }

  async function byReader(
    table: string,
    stretch: Stretch,
    settings: Readonly<Record<string, string>>,
  ): Promise<number[]> {
    await using sink = await FrameSink.start({ withTimes: true });
    const warm = sink.take(warmRows);
    warm.catch(() => undefined);
    await using bench = await startReader(aws, mysql, sink, stretch, settings);
    await warm;
    // As if the route function delivered each frame at once. The reader pauses longer while frames
    // are not delivered.
    using lane = new BenchOrders(aws, bench);
    await lane.delivered();
    const arrived = sink.take(rows);
    arrived.catch(() => undefined);
    await writeMeasured(table);
    const { frames } = await arrived;
    return frames.flatMap(({ writtenUs, atMs }) => writtenUs.map((us) => atMs - us / 1000));
  }

  async function byPeer(peer: Peer, table: string, stretch: Stretch): Promise<number[]> {
    await using peerProcess = await PeerProcess.start(peer, { mysql, stretch, signal, warmRows });
    await peerProcess.warm();
    await writeMeasured(table);
    const { delaysUs } = await peerProcess.result();
    return delaysUs.map((us) => us / 1000);
  }

  async function writeMeasured(table: string): Promise<void> {
    await write(mysql, { ...LOAD, tables: [table], rowsPerSecond: PER_SECOND, rows });
  }
}
