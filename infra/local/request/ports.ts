import { setTimeout as delay } from "node:timers/promises";
import type { ServiceName } from "@binlog-router/local-aws";
import { assertPortFree, freePort } from "../mysql/free-port.ts";

/** The ports to listen on. The listener chooses one that is absent. */
export interface Ports {
  readonly mysql?: number;
  readonly aws: Partial<Readonly<Record<ServiceName, number>>>;
  readonly readerHealth: number;
  readonly console?: number;
}

const COUNT = 7;
/** How long to wait for a port: a process that was just killed may hold it a while. */
const FREE_WITHIN_MS = 15_000;
const LOOK_MS = 100;

/**
 * The ports from `base` on, or free ones without a base. Throws PortInUseError when one is taken;
 * MySQL's port is checked with `ownMysql` only.
 */
export async function choosePorts(base: number | undefined, ownMysql: boolean): Promise<Ports> {
  if (base === undefined) return { aws: {}, readerHealth: await freePort() };
  const ports = consecutive(base);
  for (const port of ports.slice(ownMysql ? 0 : 1)) await assertPortFree(port);
  return inOrder(ports);
}

/**
 * The ports of a start that keeps them: from `base` on, else those of an earlier start, else free
 * ones. Throws PortInUseError.
 */
export async function choosePortsToKeep(
  base: number | undefined,
  earlier: readonly number[],
  ownMysql: boolean,
): Promise<readonly number[]> {
  const ports = base === undefined ? [...earlier] : consecutive(base);
  const endMs = performance.now() + FREE_WITHIN_MS;
  for (const port of ports.slice(ownMysql ? 0 : 1)) await untilFree(port, endMs);
  while (ports.length < COUNT) {
    const port = await freePort();
    if (!ports.includes(port)) ports.push(port);
  }
  return ports;
}

/** Order: MySQL, SQS, DynamoDB, Secrets Manager, S3, the reader's health check, the page. */
export function inOrder(ports: readonly number[]): Ports {
  const [mysql = 0, sqs = 0, dynamodb = 0, secretsManager = 0, s3 = 0, readerHealth = 0, page = 0] =
    ports;
  return { mysql, aws: { sqs, dynamodb, secretsManager, s3 }, readerHealth, console: page };
}

function consecutive(base: number): number[] {
  return Array.from({ length: COUNT }, (_, place) => base + place);
}

async function untilFree(port: number, endMs: number): Promise<void> {
  for (;;) {
    try {
      return await assertPortFree(port);
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await delay(LOOK_MS);
    }
  }
}
