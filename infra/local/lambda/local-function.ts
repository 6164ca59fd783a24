import { FunctionThrottledError } from "./errors.ts";
import { ExecutionEnvironment, type FunctionDefinition } from "./execution-environment.ts";

/** A function's invocations since the last look. */
export interface FunctionUsage {
  readonly invocations: number;
  /** How many of them failed. */
  readonly errors: number;
  /** Invocations that were refused; `invocations` does not count them. */
  readonly throttles: number;
  readonly durationsMs: readonly number[];
}

/** The most durations kept while `takeUsage` is not called; this bounds the memory in use. */
const DURATIONS_KEPT = 10_000;

/**
 * A function as Lambda runs it: one process for each invocation at the same time, up to
 * `concurrency`, reused for the next invocations. The next invocation replaces a process that was
 * killed or timed out.
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

  /** Changes the limit of invocations at the same time; null: back to `concurrency`. */
  limit(concurrency: number | null): void {
    this.#limit = concurrency;
  }

  get pids(): number[] {
    return Array.from(this.#environments, ({ pid }) => pid);
  }

  /** The usage since the last call, counted like Lambda's metrics. */
  takeUsage(): FunctionUsage {
    const taken = { ...this.#usage };
    Object.assign(this.#usage, { invocations: 0, errors: 0, throttles: 0, durationsMs: [] });
    return taken;
  }

  /** Sets the function to call whenever a new process has started. */
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

  /** Runs the handler on `event` and returns its result. Throws the errors of errors.ts. */
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
      // Counted together with its error, so that `takeUsage` never returns only one of the two.
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
