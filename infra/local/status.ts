import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import type { Tally } from "./demo/tally.ts";
import type { LocatedQueue } from "./describe-stack.ts";
import type { Snapshot, StreamStatus } from "./display/snapshot.ts";
import { parkedRecords } from "./failure-records.ts";
import type { AwsClients } from "./template/aws-clients.ts";

export interface StatusOptions {
  readonly clients: AwsClients;
  readonly queues: readonly LocatedQueue[];
  readonly failuresTable: string;
}

/** Gathers what the display shows. */
export class Status {
  readonly #options: StatusOptions;
  readonly #startedMs = performance.now();
  #tally: Tally | null = null;
  #problems = 0;
  #lastProblem: string | null = null;

  constructor(options: StatusOptions) {
    this.#options = options;
  }

  /** From now on the streams that this tally knows are shown with what it counts. */
  follow(tally: Tally): void {
    this.#tally = tally;
  }

  /** Something went wrong that the stack goes on after. */
  problem(error: unknown): void {
    this.#problems++;
    const text = error instanceof Error ? error.message : String(error);
    this.#lastProblem = text.split("\n", 1)[0] ?? text;
  }

  async snapshot(): Promise<Snapshot> {
    const { clients, queues, failuresTable } = this.#options;
    const [records, streams] = await Promise.all([
      parkedRecords(clients.dynamodb, failuresTable),
      Promise.all(queues.map((queue) => this.#stream(queue))),
    ]);
    return {
      uptimeMs: performance.now() - this.#startedMs,
      streams,
      attributions: [...(this.#tally?.attributions ?? [])],
      failures: records.reduce((sum, { count }) => sum + count, 0),
      verdict: this.#tally?.verdict() ?? null,
      problems: { count: this.#problems, last: this.#lastProblem },
    };
  }

  async #stream({ environment, subscriber, url }: LocatedQueue): Promise<StreamStatus> {
    const check = this.#tally?.check(environment, subscriber);
    if (check === undefined) {
      const waiting = await this.#queueLength(url);
      return { environment, subscriber, written: null, delivered: null, waiting, delayMs: null };
    }
    const { written, delivered, waiting, newestDelayMs } = check;
    return {
      environment,
      subscriber,
      written,
      delivered,
      waiting,
      delayMs: newestDelayMs ?? null,
    };
  }

  async #queueLength(url: string): Promise<number> {
    const { Attributes = {} } = await this.#options.clients.sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
      }),
    );
    return (
      Number(Attributes["ApproximateNumberOfMessages"] ?? 0) +
      Number(Attributes["ApproximateNumberOfMessagesNotVisible"] ?? 0)
    );
  }
}
