import { forEachLimited } from "../for-each-limited.ts";
import type { Stream } from "../failures/stream.ts";
import { drain, type Drained, type DrainOptions } from "./drain.ts";

export interface RunOptions extends DrainOptions {
  /** Streams that are due, the longest waiting first. */
  readonly due: () => AsyncIterable<Stream>;
  /** How many streams are worked on at once. */
  readonly parallel: number;
  /** Called with what became of each stream, or the error that interrupted it. */
  readonly onStream: (
    stream: Stream,
    result: Drained | { readonly kind: "error"; readonly error: unknown },
  ) => void;
}

/** At most so many streams in one run; the rest wait for the next. */
const STREAMS_PER_RUN = 1000;

/** One run of the retry function: drains the streams that are due until all had their turn or `signal` ends it. */
export async function retryRun(options: RunOptions, signal: AbortSignal): Promise<void> {
  const streams: Stream[] = [];
  for await (const stream of options.due()) {
    streams.push(stream);
    if (streams.length === STREAMS_PER_RUN) break;
  }
  await forEachLimited(streams, options.parallel, async (stream) => {
    if (signal.aborted) return;
    try {
      options.onStream(stream, await drain(stream, options, signal));
    } catch (error) {
      options.onStream(stream, { kind: "error", error });
    }
  });
}
