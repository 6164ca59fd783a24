import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Child, ChildEndedError } from "../process/child-process.ts";
import type { ApplicationMessage } from "./application.ts";
import { Tally, type ExpectedStream } from "./tally.ts";
import { writeAs, type WriterAccount } from "./writers.ts";
import type { Mark } from "./mark.ts";
import type { ParkedMark } from "./parked-marks.ts";

export interface DemonstrationOptions {
  /** The writing environments. */
  readonly accounts: readonly WriterAccount[];
  /** The queues of these environments. */
  readonly streams: readonly ExpectedStream[];
  /** How many demonstrations have written to the same tables before. */
  readonly earlierStarts: number;
  /** The environment variables that an application needs besides APP_ENV. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: (environment: string) => string;
  /** Returns the demonstration's changes that are in failure records now. */
  readonly parkedMarks: () => Promise<readonly ParkedMark[]>;
  /** Returns how many messages are in the queues now. */
  readonly messagesUnderWay: () => Promise<number>;
  readonly onProblem: (error: unknown) => void;
}

/**
 * Changes count as missing when for this long nothing has arrived and no message is in the queues.
 * It is longer than a reader waits for the lease of one that was killed.
 */
const DRAIN_PATIENCE_MS = 20_000;
/** Upper bound on that wait, so that a message that nothing consumes cannot delay the verdict. */
const DRAIN_LIMIT_MS = 180_000;
const DRAIN_LOOK_MS = 100;
/** More numbers than one demonstration uses; the next one on the same tables starts after them. */
const NUMBERS_OF_A_START = 1_000_000_000;
/**
 * Writers of several environments that write to the same tables, and one application for each
 * environment, which receives as all its subscribers. `tally` compares the two.
 */
export class Demonstration implements AsyncDisposable {
  readonly tally: Tally;
  readonly #options: DemonstrationOptions;
  readonly #applications: Child[] = [];
  readonly #stopWriting = new AbortController();
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(options: DemonstrationOptions) {
    this.#options = options;
    this.tally = new Tally(options.streams);
  }

  /** Starts the applications and, once all of them listen, the writers. */
  static async start(options: DemonstrationOptions): Promise<Demonstration> {
    const demonstration = new Demonstration(options);
    try {
      const environments = new Set(options.streams.map(({ environment }) => environment));
      await Promise.all(Array.from(environments, (name) => demonstration.#startApplication(name)));
      demonstration.#startWriting();
      return demonstration;
    } catch (error) {
      await demonstration[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Process ids by environment. */
  get pids(): Record<string, number> {
    return Object.fromEntries(this.#applications.map(({ name, pid }) => [name, pid]));
  }

  /** Updates the tally from the failure records. */
  async lookForParked(): Promise<void> {
    const parked = await this.#options.parkedMarks();
    this.tally.setParked(
      parked.flatMap((each) => {
        const mark = this.#ownMark(each.mark);
        return mark === null ? [] : [{ ...each, mark }];
      }),
    );
  }

  get #firstNumber(): number {
    return this.#options.earlierStarts * NUMBERS_OF_A_START;
  }

  /** The mark, numbered from this demonstration's start; null for a mark of an earlier one. */
  #ownMark(mark: Mark): Mark | null {
    const number = mark.number - this.#firstNumber;
    return number > 0 ? { ...mark, number } : null;
  }

  /**
   * Stops writing, then waits until all committed changes have arrived or are parked because their
   * author is not known. Gives up when nothing arrives any more. Changes that are parked for a
   * queue arrive with one of the next runs of the retry function.
   */
  async finish(signal: AbortSignal): Promise<void> {
    this.#stopWriting.abort();
    await this.#writing;
    const begin = performance.now();
    let progressMs = begin;
    while (performance.now() - progressMs < DRAIN_PATIENCE_MS) {
      const waiting = this.tally.waiting;
      const underWay = await this.#lookAround();
      const { waitingForQueues } = this.tally;
      if (this.tally.waiting + waitingForQueues === 0) return;
      if (performance.now() - begin > DRAIN_LIMIT_MS) return;
      if (underWay > 0 || waitingForQueues > 0 || this.tally.waiting !== waiting)
        progressMs = performance.now();
      await delay(DRAIN_LOOK_MS, undefined, { signal });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopWriting.abort();
    await this.#writing;
    await Promise.all(this.#applications.map((application) => application.stop()));
  }

  /** Updates the parked changes in the tally; returns how many messages are in the queues. */
  async #lookAround(): Promise<number> {
    try {
      await this.lookForParked();
      return await this.#options.messagesUnderWay();
    } catch (error) {
      this.#options.onProblem(error);
      return 0;
    }
  }

  async #startApplication(environment: string): Promise<void> {
    const { streams, logFile, onProblem } = this.#options;
    const subscribers = streams.filter((stream) => stream.environment === environment);
    const application = await Child.start({
      name: `${environment} application`,
      entry: join(import.meta.dirname, "application.ts"),
      args: subscribers.map(({ subscriber }) => subscriber),
      environment: { ...this.#options.environment, APP_ENV: environment },
      logFile: logFile(environment),
    });
    this.#applications.push(application);
    const ready = Promise.withResolvers<void>();
    application.onMessage((message) => {
      const told = message as ApplicationMessage;
      if (told.kind === "ready") return ready.resolve();
      const mark = this.#ownMark(told.mark);
      if (mark !== null) this.tally.received(environment, told.subscriber, { ...told, mark });
    });
    void application.exited.then((exit) => {
      if (application.stopping) return;
      const error = new ChildEndedError(application.name, exit, logFile(environment));
      ready.reject(error);
      onProblem(error);
    });
    await ready.promise;
  }

  #startWriting(): void {
    const events = {
      onCommitted: (marks: readonly Mark[], atMs: number) => {
        const own = marks.map((mark) => this.#ownMark(mark));
        this.tally.committed(
          own.filter((mark) => mark !== null),
          atMs,
        );
      },
      onProblem: this.#options.onProblem,
      firstNumber: this.#firstNumber,
    };
    this.#writing = Promise.all(
      this.#options.accounts.map((account) => writeAs(account, events, this.#stopWriting.signal)),
    );
  }
}
