import { FunctionThrottledError } from "./errors.ts";
import { ExecutionEnvironment, type FunctionDefinition } from "./execution-environment.ts";

/** Invocations of a function in some time. */
export interface FunctionUsage {
  readonly invocations: number;
  /** Of these, those without an answer. */
  readonly errors: number;
  /** Invocations that were refused, which are not among `invocations`. */
  readonly throttles: number;
  readonly durationsMs: readonly number[];
}

/** When nobody takes the usage, its durations stop growing here. */
const DURATIONS_KEPT = 10_000;

/**
 * A function as Lambda runs it: as many processes as there are invocations at the same time, up to
 * `concurrency`, kept for the next invocations. A process that was killed or timed out is replaced
 * at the next invocation.
 */
export class LocalFunction implements AsyncDisposable {
  readonly #definition: FunctionDefinition;
  readonly #concurrency: number;
  readonly #environments = new Set<ExecutionEnvironment>();
  readonly #idle: ExecutionEnvironment[] = [];
  #running = 0;
  #limit: number | null = null;
  #onStarted: (() => void) | undefined;
  readonly #usage = { invocations: 0, errors: 0, throttles: 0, durationsMs: [] as number[] };

  constructor(definition: FunctionDefinition, concurrency: number) {
    this.#definition = definition;
    this.#concurrency = concurrency;
  }

  /** How many invocations may run at the same time. */
  get concurrency(): number {
    return this.#concurrency;
  }

  /** Lets so many invocations run at once; null: `concurrency` again. */
  limit(concurrency: number | null): void {
    this.#limit = concurrency;
  }

  get pids(): number[] {
    return Array.from(this.#environments, ({ pid }) => pid);
  }

  /** What happened since the last call, as Lambda's metrics count it. */
  takeUsage(): FunctionUsage {
    const taken = { ...this.#usage };
    Object.assign(this.#usage, { invocations: 0, errors: 0, throttles: 0, durationsMs: [] });
    return taken;
  }

  /** Calls back whenever another process has started. */
  onStarted(listener: () => void): void {
    this.#onStarted = listener;
  }

  /**
   * Starts a first process, so that the first event need not wait for it. Throws what `invoke`
   * throws.
   */
  async warm(): Promise<void> {
    this.#idle.push(await this.#start());
  }

  /** What the handler returns for `event`. Throws the errors of errors.ts. */
  async invoke(event: unknown): Promise<unknown> {
    const limit = this.#limit ?? this.#concurrency;
    if (this.#running >= limit) {
      this.#usage.throttles++;
      throw new FunctionThrottledError(this.#definition.name, limit);
    }
    this.#running++;
    const begin = performance.now();
    try {
      const environment = this.#idle.pop() ?? (await this.#start());
      try {
        return await environment.invoke(event);
      } finally {
        if (this.#environments.has(environment)) this.#idle.push(environment);
      }
    } catch (error) {
      this.#usage.errors++;
      throw error;
    } finally {
      this.#running--;
      // With its error: who takes the usage in between must not find one without the other.
      this.#usage.invocations++;
      if (this.#usage.durationsMs.length < DURATIONS_KEPT) {
        this.#usage.durationsMs.push(performance.now() - begin);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      Array.from(this.#environments, (environment) => environment[Symbol.asyncDispose]()),
    );
  }

  async #start(): Promise<ExecutionEnvironment> {
    const environment = await ExecutionEnvironment.start(this.#definition);
    this.#environments.add(environment);
    void environment.exited.then(() => this.#forget(environment));
    this.#onStarted?.();
    return environment;
  }

  #forget(environment: ExecutionEnvironment): void {
    this.#environments.delete(environment);
    const index = this.#idle.indexOf(environment);
    if (index !== -1) this.#idle.splice(index, 1);
  }
}
