import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise";
import { startLocalAws } from "@binlog-router/local-aws";
import { startMysqlServer } from "../../../infra/local/mysql/start-mysql-server.ts";
import type { BenchmarkRun, Target } from "../benchmark.ts";
import { medianPair, type Pair } from "../pairs.ts";
import { amounts, drainByReader, drainByZongji } from "../read/drains.ts";
import { type Workload, workloads } from "../read/workloads.ts";
import { MissingToolError } from "./build-peer.ts";
import { drainByPeer, PEERS, type Stretch } from "./drain-by-peer.ts";

/** An odd number. Fewer than in `read`: Debezium takes half a minute for a drain. */
const ROUNDS = 3;

/** A program that drains a workload; returns rows per second. */
interface Program {
  readonly name: string;
  readonly drain: (stretch: Stretch) => Promise<number>;
  /** For the reader's ratio to it. */
  readonly target?: Target;
}

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
  const reader: Program = {
    name: "reader, JSON frames",
    drain: (stretch) => drainByReader(aws, mysql, stretch),
  };
  const peers = new Set<Program>([
    { name: "zongji + JSON.stringify", drain: (stretch) => drainByZongji(mysql, stretch) },
    ...PEERS.map((peer) => ({
      ...peer,
      drain: (stretch: Stretch) => drainByPeer(peer, mysql, stretch, signal),
    })),
  ]);
  for await (const workload of workloads(connection, { size: amounts(quick).size, seed })) {
    const stretch = { ...workload, gtidsBefore: await gtidsBefore(connection, workload) };
    await compare(run, { stretch, reader, peers });
  }
}

/**
 * In each round every program drains the workload once: the first peer, the reader, the other
 * peers; every other round in the reverse order. Takes a peer out of `peers` that cannot be built.
 */
async function compare(
  { quick, signal, report, progress }: BenchmarkRun,
  {
    stretch,
    reader,
    peers,
  }: { readonly stretch: Stretch; readonly reader: Program; readonly peers: Set<Program> },
): Promise<void> {
  const rounds = quick ? 1 : ROUNDS;
  const rates = new Map<Program, number[]>();
  const [first = reader, ...others] = peers;
  for (const program of new Set([first, reader, ...others])) rates.set(program, []);
  for (let round = 1; round <= rounds; round++) {
    const turn = [...rates.keys()];
    for (const program of round % 2 === 0 ? turn.toReversed() : turn) {
      signal.throwIfAborted();
      progress(`${stretch.name}, ${program.name}, round ${round} of ${rounds}`);
      try {
        rates.get(program)?.push(await program.drain(stretch));
      } catch (error) {
        signal.throwIfAborted();
        if (program === reader) throw error;
        rates.delete(program);
        // A peer that cannot be built is not tried again.
        if (error instanceof MissingToolError) peers.delete(program);
        progress(
          `${program.name} is left out of ${stretch.name}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  }
  const ofReader = rates.get(reader) ?? [];
  rates.delete(reader);
  for (const [{ name, target }, ofPeer] of rates) {
    const pairs = ofReader.flatMap((value, round): Pair[] => {
      const beside = ofPeer[round];
      return beside === undefined ? [] : [{ value, beside }];
    });
    const { value, beside } = medianPair(pairs);
    report({
      work: stretch.name,
      name: reader.name,
      value,
      unit: "rows/s",
      beside: { name, value: beside },
      ...(target !== undefined && { target }),
      rounds: pairs,
    });
  }
}

/** The GTIDs before the workload's file. */
async function gtidsBefore(connection: Connection, { file }: Workload): Promise<string> {
  const [events] = await connection.query<RowDataPacket[]>("SHOW BINLOG EVENTS IN ? LIMIT 2", [
    file,
  ]);
  const previous = events.find((event) => event["Event_type"] === "Previous_gtids");
  return String(previous?.["Info"] ?? "").replaceAll(/\s/g, "");
}
