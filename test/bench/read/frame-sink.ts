import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** The sink's report of one frame. */
export interface SinkReport {
  readonly changes: number;
  readonly bytes: number;
  readonly atMs: number;
}

/** How fast frames arrived. */
export interface Drained {
  readonly rowsPerSecond: number;
  readonly frames: number;
}

/** An SQS endpoint that accepts every frame at once, in its own thread. Disposing ends it. */
export class FrameSink implements AsyncDisposable {
  readonly url: string;
  readonly #worker: Worker;

  private constructor(worker: Worker, port: number) {
    this.#worker = worker;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<FrameSink> {
    const worker = new Worker(new URL("frame-sink-thread.ts", import.meta.url));
    const [port] = (await once(worker, "message")) as [number];
    return new FrameSink(worker, port);
  }

  /**
   * Waits for this many changes, and measures from the first frame's arrival to the last one's.
   * Throws when no frame arrives for `silenceMs`.
   */
  async take(changes: number, silenceMs = 30_000): Promise<Drained> {
    const { promise, resolve, reject } = Promise.withResolvers<Drained>();
    const silent = (): void => reject(new Error(`${taken} of ${changes} changes, then silence`));
    let timer = setTimeout(silent, silenceMs);
    let first: SinkReport | undefined;
    let taken = 0;
    let frames = 0;
    const onFrame = (report: SinkReport): void => {
      clearTimeout(timer);
      timer = setTimeout(silent, silenceMs);
      first ??= report;
      taken += report.changes;
      frames++;
      if (taken < changes) return;
      const seconds = (report.atMs - first.atMs) / 1000;
      resolve({ rowsPerSecond: (taken - first.changes) / seconds, frames });
    };
    this.#worker.on("message", onFrame);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#worker.off("message", onFrame);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
