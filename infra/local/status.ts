import type { Demonstration } from "./demo/demonstration.ts";
import type { LocatedQueue } from "./running/stack-parts.ts";
import type { Snapshot, StreamStatus } from "./display/snapshot.ts";
import { parkedRecords } from "./running/failure-records.ts";
import { queueLength } from "./queue-length.ts";
import { StandStill } from "./stand-still.ts";
import type { AwsClients } from "@binlog-router/local-aws/clients";

export interface StatusOptions {
  readonly clients: AwsClients;
  readonly queues: readonly LocatedQueue[];
  readonly failuresTable: string;
}

/** Gathers what the display shows. */
export class Status implements Disposable {
  readonly #options: StatusOptions;
  readonly #startedMs = performance.now();
  readonly #standStill = new StandStill();
  #demonstration: Demonstration | null = null;
  #problems = 0;
  #lastProblem: string | null = null;

  constructor(options: StatusOptions) {
    this.#options = options;
  }

  /** From now on the demonstration's streams are shown with what its tally says. */
  follow(demonstration: Demonstration): void {
    this.#demonstration = demonstration;
  }

  /** For how long the stand-ins for AWS stood still at most; null: not long enough to matter. */
  standStillMs(): number | null {
    return this.#standStill.look();
  }

  [Symbol.dispose](): void {
    this.#standStill[Symbol.dispose]();
  }

  /** Something went wrong that the stack goes on after. */
  problem(error: unknown): void {
    this.#problems++;
    const text = error instanceof Error ? error.message : String(error);
    this.#lastProblem = text.split("\n", 1)[0] ?? text;
  }

  /** How things are now; null when that cannot be found out just now, which is a problem like others. */
  async snapshot(): Promise<Snapshot | null> {
    try {
      return await this.#look();
    } catch (error) {
      this.problem(error);
      return null;
    }
  }

  async #look(): Promise<Snapshot> {
    const { clients, queues, failuresTable } = this.#options;
    await this.#demonstration?.lookForParked();
    const [records, streams] = await Promise.all([
      parkedRecords(clients.dynamodb, failuresTable),
      Promise.all(queues.map((queue) => this.#stream(queue))),
    ]);
    const tally = this.#demonstration?.tally;
    return {
      uptimeMs: performance.now() - this.#startedMs,
      streams,
      attributions: [...(tally?.attributions ?? [])],
      failures: records.reduce((sum, { count }) => sum + count, 0),
      verdict: tally?.verdict() ?? null,
      standStillMs: this.standStillMs(),
      problems: { count: this.#problems, last: this.#lastProblem },
    };
  }

  async #stream({ environment, subscriber, url }: LocatedQueue): Promise<StreamStatus> {
    const tally = this.#demonstration?.tally;
    const check = tally?.check(environment, subscriber);
    if (tally === undefined || check === undefined) {
      const waiting = await queueLength(this.#options.clients.sqs, url);
      return { environment, subscriber, written: null, delivered: null, waiting, delayMs: null };
    }
    const { written, delivered, newestDelayMs } = check;
    return {
      environment,
      subscriber,
      written,
      delivered,
      waiting: check.waiting - tally.parked(check),
      delayMs: newestDelayMs ?? null,
    };
  }
}
