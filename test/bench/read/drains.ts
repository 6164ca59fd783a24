import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { LocalAws } from "@binlog-router/local-aws";
import type { MysqlServer } from "../../../infra/local/mysql/mysql-server.ts";
import { ReaderBench } from "../../support/reader.ts";
import { drainByPeer } from "../peers/peer-process.ts";
import { ZONGJI } from "../peers/programs.ts";
import { FrameSink } from "./frame-sink.ts";
import type { Workload } from "./workloads.ts";

const run = promisify(execFile);
const TIMEOUT_MS = 300_000;
/** Where a binlog file's events begin. */
export const FIRST_EVENT = 4;

/**
 * `size` of the workloads, and how often each program drains each workload; an odd number. A full
 * drain takes several seconds, so that the first second of a process decides nothing: V8 compiles
 * in it, and a JVM much longer.
 */
export function amounts(quick: boolean): { readonly size: number; readonly rounds: number } {
  return quick ? { size: 0.05, rounds: 1 } : { size: 4, rounds: 5 };
}

/** Starts the deployed reader at a place of the binlog, with `sink` as its queue. */
export async function startReader(
  aws: LocalAws,
  mysql: MysqlServer,
  sink: FrameSink,
  { file, position }: { readonly file: string; readonly position: number },
  settings: Readonly<Record<string, string>> = {},
): Promise<ReaderBench> {
  const bench = await ReaderBench.create(aws, mysql, {
    SOURCE_TLS: "off",
    SOURCE_START: `file:${file}:${position}`,
    LOG_LEVEL: "info",
    AWS_ENDPOINT_URL_SQS: sink.url,
    RAW_QUEUE_URL: `${sink.url}/000000000000/raw.fifo`,
    ...settings,
  });
  await bench.start("following the binlog");
  return bench;
}

/**
 * Rows per second that the deployed reader writes as frames to a queue that acknowledges at once.
 */
export async function drainByReader(
  aws: LocalAws,
  mysql: MysqlServer,
  { file, rows }: Workload,
): Promise<number> {
  await using sink = await FrameSink.start();
  const drained = sink.take(rows);
  drained.catch(() => undefined);
  await using _ = await startReader(aws, mysql, sink, { file, position: FIRST_EVENT });
  return (await drained).rowsPerSecond;
}

/** Rows per second of zongji with `JSON.stringify` for each row and nothing else. */
export async function drainByZongji(
  mysql: MysqlServer,
  { file, rows }: Workload,
  signal: AbortSignal,
): Promise<number> {
  const stretch = { file, position: FIRST_EVENT, gtidsBefore: "", rows };
  return await drainByPeer(ZONGJI, mysql, stretch, signal);
}

/**
 * Rows per second that the server can deliver: `mysqlbinlog` writes its bytes to a file. Null when
 * this installation has no mysqlbinlog.
 */
export async function drainByMysqlbinlog(
  { host, port, user, password, programs }: MysqlServer,
  { file, rows }: Workload,
): Promise<number | null> {
  if (programs.mysqlbinlog === null) return null;
  const directory = await mkdtemp(join(tmpdir(), "mysqlbinlog-"));
  try {
    const began = performance.now();
    await run(
      programs.mysqlbinlog,
      [
        "--no-defaults",
        "--read-from-remote-server",
        "--raw",
        `--host=${host}`,
        `--port=${port}`,
        `--user=${user}`,
        `--result-file=${directory}/`,
        file,
      ],
      { env: { ...process.env, MYSQL_PWD: password }, timeout: TIMEOUT_MS },
    );
    return (rows / (performance.now() - began)) * 1000;
  } finally {
    await rm(directory, { recursive: true });
  }
}
