import { setTimeout as delay } from "node:timers/promises";
import { Child, ChildEndedError, type ChildOptions } from "./process/child-process.ts";

export interface ReaderServiceOptions extends ChildOptions {
  /** The address of the reader's health check, which reports its state. */
  readonly healthUrl: string;
  /** Called when the reader has ended by itself. */
  readonly onProblem: (error: unknown) => void;
}

const READY_WITHIN_MS = 90_000;
const LOOK_MS = 50;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** A reader that ran this long is healthy: the pause before a replacement is reset to the first. */
const HEALTHY_LIFE_MS = 30_000;

/** Keeps one reader running, as the container service does: it replaces a reader that ends. */
export class ReaderService implements AsyncDisposable {
  readonly #options: ReaderServiceOptions;
  readonly #stop = new AbortController();
  #reader: Child;
  #onReplaced: (() => void) | undefined;
  readonly #supervision: Promise<void>;

  private constructor(options: ReaderServiceOptions, reader: Child) {
    this.#options = options;
    this.#reader = reader;
    this.#supervision = this.#supervise();
  }

  /**
   * Starts the service; resolves when its reader follows the binlog. Throws ChildEndedError or
   * ReaderLateError when it does not.
   */
  static async start(options: ReaderServiceOptions, signal: AbortSignal): Promise<ReaderService> {
    const reader = await Child.start(options);
    try {
      await untilReady(reader, options, signal);
    } catch (error) {
      await reader.stop();
      throw error;
    }
    return new ReaderService(options, reader);
  }

  get pid(): number {
    return this.#reader.pid;
  }

  /** Sets the function to call whenever a new reader has replaced one that ended. */
  onReplaced(listener: () => void): void {
    this.#onReplaced = listener;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#reader.stop();
    await this.#supervision;
  }

  async #supervise(): Promise<void> {
    const { onProblem, logFile } = this.#options;
    const { signal } = this.#stop;
    let pauseMs = FIRST_PAUSE_MS;
    for (;;) {
      const begin = performance.now();
      const exit = await this.#reader.exited;
      if (signal.aborted) return;
      onProblem(new ChildEndedError("reader", exit, logFile));
      if (performance.now() - begin > HEALTHY_LIFE_MS) pauseMs = FIRST_PAUSE_MS;
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      const next = await Child.start(this.#options);
      this.#reader = next;
      if (signal.aborted) {
        await next.stop();
        return;
      }
      this.#onReplaced?.();
    }
  }
}

async function untilReady(
  reader: Child,
  { healthUrl, logFile }: ReaderServiceOptions,
  signal: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  void reader.exited.then((exit) => ended.abort(new ChildEndedError("reader", exit, logFile)));
  const late = AbortSignal.timeout(READY_WITHIN_MS);
  const anyReason = AbortSignal.any([ended.signal, late, signal]);
  while (!(await isStreaming(healthUrl, anyReason))) {
    await delay(LOOK_MS, undefined, { signal: anyReason }).catch(() => undefined);
    if (anyReason.reason === late.reason && late.aborted) throw new ReaderLateError(logFile);
    anyReason.throwIfAborted();
  }
}

/** The reader runs, but did not follow the binlog in time. Its log says why. */
export class ReaderLateError extends Error {
  override readonly name = "ReaderLateError";

  constructor(logFile: string) {
    super(
      `the reader does not follow the binlog after ${READY_WITHIN_MS / 1000} s; see ${logFile}`,
    );
  }
}

/** Whether the reader reports that it follows the binlog; false while it does not answer. */
async function isStreaming(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, { signal });
    const { state } = (await response.json()) as { state?: unknown };
    return state === "streaming";
  } catch {
    return false;
  }
}
