import type { Demonstration } from "./demo/demonstration.ts";
import { parkedFor, type EnvironmentQueueFacts, type Facts } from "./console/facts/facts.ts";
import type { Snapshot, StreamStatus } from "./display/snapshot.ts";
import { problemText } from "./problem-text.ts";
import { StandStill } from "./stand-still.ts";

/**
 * How long a problem or a stand-still is shown; one that occurs again is shown again. Lasting
 * problems are in the facts.
 */
const SHOWN_MS = 15_000;

/** Gathers what the display shows. */
export class Status implements Disposable {
  readonly #startedMs = performance.now();
  readonly #standStill = new StandStill();
  #facts: (() => Promise<Facts>) | null = null;
  #demonstration: Pick<Demonstration, "tally" | "lookForParked"> | null = null;
  #problems = 0;
  #problemMs = 0;
  #lastProblem: string | null = null;

  /** Sets the function that takes the facts of source, reader, queues and alarms. */
  watch(facts: () => Promise<Facts>): void {
    this.#facts = facts;
    this.#standStill.look();
  }

  /** Sets the demonstration whose tally the display shows. */
  follow(demonstration: Pick<Demonstration, "tally" | "lookForParked">): void {
    this.#demonstration = demonstration;
  }

  /** The longest time the stand-ins for AWS did nothing; null when too short to matter. */
  standStillMs(): number | null {
    return this.#standStill.longest();
  }

  [Symbol.dispose](): void {
    this.#standStill[Symbol.dispose]();
  }

  /** Records a problem after which the stack continues. */
  problem(error: unknown): void {
    this.#problems++;
    this.#problemMs = performance.now();
    this.#lastProblem = problemText(error);
  }

  /** The present state; null when it cannot be determined, which is recorded as a problem. */
  async snapshot(): Promise<Snapshot | null> {
    try {
      return await this.#look();
    } catch (error) {
      this.problem(error);
      return null;
    }
  }

  async #look(): Promise<Snapshot | null> {
    if (this.#facts === null) return null;
    // Without this look, the numbers of parked changes are those of the last one.
    await this.#demonstration?.lookForParked().catch((error: unknown) => this.problem(error));
    const facts = await this.#facts();
    const tally = this.#demonstration?.tally;
    const isOver = performance.now() - this.#problemMs > SHOWN_MS;
    return {
      uptimeMs: performance.now() - this.#startedMs,
      streams: facts.queues.map((queue) => this.#stream(queue, facts)),
      facts,
      attributions: [...(tally?.attributions ?? [])],
      verdict: tally?.verdict() ?? null,
      standStillMs: this.#standStill.latest(SHOWN_MS),
      problems: { count: this.#problems, last: isOver ? null : this.#lastProblem },
    };
  }

  #stream(queue: EnvironmentQueueFacts, facts: Facts): StreamStatus {
    const { environment, subscriber, name, counts } = queue;
    const about = { environment, subscriber, routed: counts?.sent ?? null, dead: queue.dead ?? 0 };
    const tally = this.#demonstration?.tally;
    const check = tally?.check(environment, subscriber);
    if (tally === undefined || check === undefined) {
      const parked = parkedFor(name, facts);
      const waiting = counts === null ? 0 : counts.visible + counts.inFlight + counts.delayed;
      return { ...about, written: null, delivered: null, parked, waiting, delayMs: null };
    }
    const { written, delivered, newestDelayMs } = check;
    const parked = tally.parked(check);
    const waiting = check.waiting - parked;
    return { ...about, written, delivered, parked, waiting, delayMs: newestDelayMs ?? null };
  }
}
