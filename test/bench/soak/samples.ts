import { readdir } from "node:fs/promises";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import type { StackFile } from "../../../operator/shared/stack-file.ts";
import type { BenchConsumer } from "../consumer.ts";
import { percentile } from "../delay/percentile.ts";
import { resident } from "../memory/resident.ts";

/** The state of the system at one moment; the delays are those since the sample before. */
export interface Sample {
  readonly readerMb: number;
  readonly routeMb: number;
  /** Open files and sockets of the reader and the route function. */
  readonly handles: number;
  readonly items: number;
  readonly delayP50: number;
  readonly delayP99: number;
}

/** A queue in trouble is tried again within minutes; a longer silence is a failure. */
const LONGEST_SILENCE_MS = 10 * 60_000;

/** Takes samples of a stack. Disposing closes its client. */
export class Sampler implements Disposable {
  readonly #file: StackFile;
  readonly #consumer: BenchConsumer;
  readonly #dynamodb: DynamoDBClient;
  #arrivedMs = performance.now();

  constructor(file: StackFile, consumer: BenchConsumer) {
    this.#file = file;
    this.#consumer = consumer;
    const { region, accessKeyId, secretAccessKey, dynamodbEndpoint: endpoint } = file.aws;
    this.#dynamodb = new DynamoDBClient({
      region,
      endpoint,
      credentials: { accessKeyId, secretAccessKey },
    });
  }

  /**
   * Takes a sample. When nothing has arrived since the sample before, the silence counts as the
   * delay. Throws when it exceeds LONGEST_SILENCE_MS.
   */
  async take(): Promise<Sample> {
    const taken = this.#consumer.takeDelays();
    const nowMs = performance.now();
    const silentMs = nowMs - this.#arrivedMs;
    if (silentMs > LONGEST_SILENCE_MS)
      throw new Error("nothing has arrived for a long time under load");
    if (taken.length > 0) this.#arrivedMs = nowMs;
    const delays = taken.length > 0 ? taken : [silentMs];
    const [reader, route] = ["reader", "route"].map((part) => this.#file.processes[part] ?? 0);
    const pids = [reader ?? 0, route ?? 0] as const;
    const [readerMemory, routeMemory] = await Promise.all(pids.map(resident));
    const handles = await Promise.all(pids.map((pid) => readdir(`/proc/${pid}/fd`)));
    return {
      readerMb: readerMemory?.now ?? 0,
      routeMb: routeMemory?.now ?? 0,
      handles: handles.flat().length,
      items: await this.#items(),
      delayP50: percentile(delays, 0.5),
      delayP99: percentile(delays, 0.99),
    };
  }

  [Symbol.dispose](): void {
    this.#dynamodb.destroy();
  }

  /** The number of items in all tables. */
  async #items(): Promise<number> {
    let items = 0;
    for (const TableName of Object.values(this.#file.tables)) {
      let ExclusiveStartKey;
      do {
        const command: ScanCommand = new ScanCommand({
          TableName,
          Select: "COUNT",
          ExclusiveStartKey,
        });
        const { Count = 0, LastEvaluatedKey } = await this.#dynamodb.send(command);
        items += Count;
        ExclusiveStartKey = LastEvaluatedKey;
      } while (ExclusiveStartKey !== undefined);
    }
    return items;
  }
}
