import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { LocalAws } from "@binlog-router/local-aws";
import type { MysqlServer } from "../../../infra/local/mysql/mysql-server.ts";
import { ReaderBench } from "../../support/reader.ts";
import { FrameSink } from "./frame-sink.ts";
import type { Workload } from "./workloads.ts";

const run = promisify(execFile);
const TIMEOUT_MS = 300_000;

/**
 * `size` of the workloads, and how often each program drains each workload; an odd number. A full
 * drain takes several seconds, so that the first second of a process decides nothing: V8 compiles
 * in it, and a JVM much longer.
 */
export function amounts(quick: boolean): { readonly size: number; readonly rounds: number } {
  return quick ? { size: 0.05, rounds: 1 } : { size: 4, rounds: 5 };
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
  await using bench = await ReaderBench.create(aws, mysql, {
    SOURCE_TLS: "off",
    SOURCE_START: `file:${file}:4`,
    LOG_LEVEL: "info",
    AWS_ENDPOINT_URL_SQS: sink.url,
    RAW_QUEUE_URL: `${sink.url}/000000000000/raw.fifo`,
  });
  const drained = sink.take(rows);
  drained.catch(() => undefined);
  await bench.start("following the binlog");
  return (await drained).rowsPerSecond;
}

/** Rows per second of zongji with `JSON.stringify` for each row and nothing else. */
export async function drainByZongji(
  { host, port, user, password }: MysqlServer,
  { file, rows }: Workload,
): Promise<number> {
  const program = join(import.meta.dirname, "zongji-process.ts");
  const { stdout } = await run(
    process.execPath,
    [program, host, String(port), user, file, String(rows)],
    { env: { ...process.env, MYSQL_PWD: password }, timeout: TIMEOUT_MS },
  );
  return (JSON.parse(stdout) as { readonly rowsPerSecond: number }).rowsPerSecond;
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
