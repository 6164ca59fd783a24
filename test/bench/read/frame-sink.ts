import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** The longest drain. */
const DRAIN_MS = 300_000;

export interface ArrivedFrame {
  readonly changes: number;
  /** When its last byte arrived, in milliseconds since 1970. */
  readonly atMs: number;
  /** The column `written_us` of its rows, with `withTimes`. */
  readonly writtenUs: readonly number[];
}

export interface SinkData {
  readonly withTimes: boolean;
}

/** What the sink's thread says. */
export type SinkReport =
  /** A frame came after a pause. */
  | { readonly kind: "busy" }
  /** The frames since the report before; no further one has come for a while. */
  | { readonly kind: "counted"; readonly frames: readonly ArrivedFrame[] };

/** How fast frames arrived. */
export interface Drained {
  readonly rowsPerSecond: number;
  /** In the order of their arrival. */
  readonly frames: readonly ArrivedFrame[];
}

/**
 * An SQS endpoint that accepts every frame at once, in its own thread, and counts changes after the
 * frames have come. Disposing ends it.
 */
export class FrameSink implements AsyncDisposable {
  readonly url: string;
  readonly #worker: Worker;

  private constructor(worker: Worker, port: number) {
    this.#worker = worker;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** `withTimes`: looks for `written_us` in the rows, which are those of `createOrders`. */
  static async start({ withTimes = false } = {}): Promise<FrameSink> {
    const workerData: SinkData = { withTimes };
    const worker = new Worker(new URL("frame-sink-thread.ts", import.meta.url), { workerData });
    const [port] = (await once(worker, "message")) as [number];
    return new FrameSink(worker, port);
  }

  /**
   * Waits for this many changes and a pause after them; measures from the first frame's arrival to
   * the last one's. Throws when more changes arrive, when some are missing and no frame arrives for
   * `silenceMs`, when frames arrive for longer than DRAIN_MS, and when one cannot be read.
   */
  async take(changes: number, silenceMs = 30_000): Promise<Drained> {
    const { promise, resolve, reject } = Promise.withResolvers<Drained>();
    const frames: ArrivedFrame[] = [];
    let taken = 0;
    const startTimer = (ms: number): NodeJS.Timeout =>
      setTimeout(
        () => reject(new Error(`${taken} of ${changes} changes, no more in ${ms} ms`)),
        ms,
      );
    let timer = startTimer(silenceMs);
    const onReport = (report: SinkReport): void => {
      clearTimeout(timer);
      timer = startTimer(report.kind === "busy" ? DRAIN_MS : silenceMs);
      if (report.kind === "busy") return;
      for (const frame of report.frames) {
        taken += frame.changes;
        frames.push(frame);
      }
      if (taken > changes) reject(new Error(`${taken} changes arrived, of ${changes} written`));
      else if (taken === changes) resolve({ rowsPerSecond: changesPerSecond(frames), frames });
    };
    this.#worker.on("message", onReport);
    this.#worker.once("error", reject);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#worker.off("message", onReport);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

/** From the first frame's arrival to the last one's. */
function changesPerSecond(frames: readonly ArrivedFrame[]): number {
  const [first] = frames;
  const last = frames.at(-1);
  if (first === undefined || last === undefined) return 0;
  const after = frames.reduce((sum, { changes }) => sum + changes, -first.changes);
  return (after / (last.atMs - first.atMs)) * 1000;
}
