import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { READER_METRICS } from "../../../wire/metrics.ts";
import type { RequestCounts } from "@binlog-router/local-aws";
import type { StackFile } from "../../../operator/shared/stack-file.ts";

/** The counters of a running local stack since its start. */
export interface LocalCounters {
  readonly sqs: RequestCounts;
  readonly dynamodb: RequestCounts;
  /** Bytes of all frames, from the reader's metrics, which it writes every 20 s. */
  readonly frameBytes: number;
  /** Processor time of the route function, ms. */
  readonly routeMs: number;
}

export async function readCounters(stack: StackFile, directory: string): Promise<LocalCounters> {
  const [sqs, dynamodb, frameBytes, routeMs] = await Promise.all([
    requestCounts(stack.aws.sqsEndpoint),
    requestCounts(stack.aws.dynamodbEndpoint),
    bytesInLog(join(directory, "log/reader.log")),
    processorMs(stack.processes["route"]),
  ]);
  return { sqs, dynamodb, frameBytes, routeMs };
}

async function requestCounts(endpoint: string): Promise<RequestCounts> {
  const response = await fetch(new URL("/_counters", endpoint));
  return (await response.json()) as RequestCounts;
}

async function bytesInLog(path: string): Promise<number> {
  const pattern = new RegExp(`"${READER_METRICS.bytesSent}":(\\d+)`, "g");
  const found = (await readFile(path, "utf8")).matchAll(pattern);
  return Array.from(found, ([, digits]) => Number(digits)).reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * The processor time that a process has used, ms. Linux counts it in ticks of 10 ms: user and
 * system time are fields 14 and 15 of its `stat`.
 */
export async function processorMs(pid: number | undefined): Promise<number> {
  if (pid === undefined) return 0;
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
