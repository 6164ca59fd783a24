import { createConnection, type Connection } from "mysql2/promise";
import { startLocalAws } from "@binlog-router/local-aws";
import { startMysqlServer } from "../../../infra/local/mysql/start-mysql-server.ts";
import { ReaderBench } from "../../support/reader.ts";
import type { BenchmarkRun } from "../benchmark.ts";

const FULL = { files: 1000, fileBytes: 3_000_000, rounds: 3 };
const QUICK = { files: 20, fileBytes: 3_000_000, rounds: 1 };

/** The longest that a reader may take from its start until it reads, seconds. */
const AT_MOST_S = 1;

/**
 * From the start of a reader's process until it reads, at an offset with many large binlog files
 * behind it. They must be too large for one dump to go through many of them (`RunBeginnings`).
 */
export async function benchStart({ quick, signal, report, progress }: BenchmarkRun): Promise<void> {
  const { files, fileBytes, rounds } = quick ? QUICK : FULL;
  progress("starting MySQL");
  await using mysql = await startMysqlServer({ signal });
  await using aws = await startLocalAws();
  const { host, port, user, password } = mysql;
  await using connection = await createConnection({ host, port, user, password });
  await using benches = new AsyncDisposableStack();
  const readers: ReaderBench[] = [];
  const startAgain = async (): Promise<number> => {
    const seconds: number[] = [];
    for (const bench of readers) {
      signal.throwIfAborted();
      const beganMs = performance.now();
      const reader = await bench.start();
      seconds.push((performance.now() - beganMs) / 1000);
      await reader.stop();
    }
    return seconds.toSorted((a, b) => a - b)[(rounds - 1) / 2] ?? 0;
  };
  for (let round = 0; round < rounds; round++) {
    const bench = benches.use(await ReaderBench.create(aws, mysql, { LOG_LEVEL: "info" }));
    readers.push(bench);
    const reader = await bench.start();
    await reader.stop();
  }
  const figure = { name: "reader reads after", unit: "s" };
  report({ work: "no binlog file behind the offset", ...figure, value: await startAgain() });
  progress(`writing ${files} binlog files`);
  await write(connection, files, fileBytes, signal);
  const work = `${files.toLocaleString("en")} binlog files of ${fileBytes / 1e6} MB behind the offset`;
  report({ work, ...figure, value: await startAgain(), target: { atMost: AT_MOST_S } });
}

/** Writes binlog files of this length. No table keeps the rows. */
async function write(
  connection: Connection,
  files: number,
  fileBytes: number,
  signal: AbortSignal,
): Promise<void> {
  await connection.query("CREATE DATABASE bench");
  await connection.query("CREATE TABLE bench.filler (filler LONGTEXT) ENGINE = BLACKHOLE");
  for (let file = 0; file < files; file++) {
    signal.throwIfAborted();
    await connection.query("INSERT INTO bench.filler VALUES (REPEAT('x', ?))", [fileBytes]);
    await connection.query("FLUSH BINARY LOGS");
  }
}
