import { createConnection } from "mysql2/promise";
import { type LocalAws, startLocalAws } from "@binlog-router/local-aws";
import type { MysqlServer } from "../../../infra/local/mysql/mysql-server.ts";
import { startMysqlServer } from "../../../infra/local/mysql/start-mysql-server.ts";
import type { BenchmarkRun } from "../benchmark.ts";
import { amounts, drainByMysqlbinlog, drainByReader, drainByZongji } from "./drains.ts";
import { medianPair, type Pair } from "../pairs.ts";
import { type Workload, workloads } from "./workloads.ts";

/**
 * The least ratio to zongji; and to the server's own limit, where each transaction has one row and
 * so five events.
 */
const TARGETS = { zongji: 1, serverOfOneRow: 0.5 };

/**
 * How fast the reader reads an existing binlog, compared with the server's own limit and with the
 * simplest alternative. Every other round has the reverse order, so that a machine that slows down
 * favours neither program.
 */
export async function benchRead({
  quick,
  seed,
  signal,
  report,
  progress,
}: BenchmarkRun): Promise<void> {
  progress("starting MySQL");
  await using mysql = await startMysqlServer({ signal });
  await using aws = await startLocalAws();
  const { host, port, user, password } = mysql;
  await using connection = await createConnection({ host, port, user, password });
  const { size, rounds } = amounts(quick);
  for await (const workload of workloads(connection, { size, seed })) {
    const pairs: { readonly zongji: Pair[]; readonly mysqlbinlog: Pair[] } = {
      zongji: [],
      mysqlbinlog: [],
    };
    for (let round = 1; round <= rounds; round++) {
      signal.throwIfAborted();
      progress(`${workload.name}, ${workload.rows} rows, round ${round}`);
      const { reader, zongji, mysqlbinlog } = await drain(
        { aws, mysql, signal },
        workload,
        round % 2 === 0,
      );
      pairs.zongji.push({ value: reader, beside: zongji });
      if (mysqlbinlog !== null) pairs.mysqlbinlog.push({ value: reader, beside: mysqlbinlog });
    }
    const figure = { work: workload.name, unit: "rows/s", name: "reader, JSON frames" };
    const { value, beside } = medianPair(pairs.zongji);
    report({
      ...figure,
      value,
      beside: { name: "zongji + JSON.stringify", value: beside },
      target: { atLeast: TARGETS.zongji },
      rounds: pairs.zongji,
    });
    if (pairs.mysqlbinlog.length > 0) {
      const limit = medianPair(pairs.mysqlbinlog);
      report({
        ...figure,
        value: limit.value,
        beside: { name: "mysqlbinlog --raw", value: limit.beside },
        ...(workload.rowsPerStatement === 1 && { target: { atLeast: TARGETS.serverOfOneRow } }),
        rounds: pairs.mysqlbinlog,
      });
    }
  }
}

interface Drained {
  readonly reader: number;
  readonly zongji: number;
  /** Null when there is no mysqlbinlog. */
  readonly mysqlbinlog: number | null;
}

/** One round: the programs read the workload one after the other; `turned`: zongji first. */
async function drain(
  {
    aws,
    mysql,
    signal,
  }: { readonly aws: LocalAws; readonly mysql: MysqlServer; readonly signal: AbortSignal },
  workload: Workload,
  turned: boolean,
): Promise<Drained> {
  const first = turned ? await drainByZongji(mysql, workload, signal) : null;
  const reader = await drainByReader(aws, mysql, workload);
  const zongji = first ?? (await drainByZongji(mysql, workload, signal));
  return { reader, zongji, mysqlbinlog: await drainByMysqlbinlog(mysql, workload) };
}
