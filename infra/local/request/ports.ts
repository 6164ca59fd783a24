import type { ServiceName } from "@binlog-router/local-aws";
import { assertPortFree, freePort } from "../mysql/free-port.ts";

/** What listens on this machine. A port that is absent is chosen by the one that listens. */
export interface Ports {
  readonly mysql?: number;
  readonly aws: Partial<Readonly<Record<ServiceName, number>>>;
  readonly readerHealth: number;
  readonly console?: number;
}

/**
 * The ports from `base` on, MySQL's too if it is `ownMysql`; free ones without a base. Throws
 * PortInUseError.
 */
export async function choosePorts(base: number | undefined, ownMysql: boolean): Promise<Ports> {
  if (base === undefined) return { aws: {}, readerHealth: await freePort() };
  for (let place = ownMysql ? 0 : 1; place < 7; place++) await assertPortFree(base + place);
  return {
    mysql: base,
    aws: { sqs: base + 1, dynamodb: base + 2, secretsManager: base + 3, s3: base + 4 },
    readerHealth: base + 5,
    console: base + 6,
  };
}
