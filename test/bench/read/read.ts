import { createConnection } from "mysql2/promise";
import { startLocalAws } from "@binlog-router/local-aws";
import { startMysqlServer } from "../../../infra/local/mysql/start-mysql-server.ts";
import type { BenchmarkRun } from "../benchmark.ts";
import { drainByMysqlbinlog, drainByReader, drainByZongji } from "./drains.ts";
import { workloads } from "./workloads.ts";

/** Each is drained so often, one after the other; the best of each counts, for the machine has other things to do. */
const ROUNDS = 2;

/** How fast the reader gets through a binlog that is there already, beside the server's own limit and the usual first try. */
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
  for await (const workload of workloads(connection, { size: quick ? 0.05 : 1, seed })) {
    let [reader, zongji, mysqlbinlog] = [0, 0, 0];
    for (let round = 1; round <= (quick ? 1 : ROUNDS); round++) {
      signal.throwIfAborted();
      progress(`${workload.name}, ${workload.rows} rows, round ${round}`);
      reader = Math.max(reader, await drainByReader(aws, mysql, workload));
      zongji = Math.max(zongji, await drainByZongji(mysql, workload));
      mysqlbinlog = Math.max(mysqlbinlog, (await drainByMysqlbinlog(mysql, workload)) ?? 0);
    }
    const figure = { work: workload.name, unit: "rows/s" };
    report({
      ...figure,
      name: "reader, JSON frames",
      value: reader,
      beside: { name: "zongji + JSON.stringify", value: zongji },
      target: { atLeast: 1 },
    });
    if (mysqlbinlog > 0) {
      report({
        ...figure,
        name: "reader, JSON frames",
        value: reader,
        beside: { name: "mysqlbinlog --raw", value: mysqlbinlog },
      });
    }
  }
}
