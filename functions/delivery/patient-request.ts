import type { Patience } from "./patience.ts";

/** No answer came in time. The request may have been carried out all the same. */
class SilentQueueError extends Error {
  override readonly name = "SilentQueueError";

  constructor(patienceMs: number, options?: ErrorOptions) {
    super(`no answer within ${patienceMs} ms`, options);
  }
}

/** How much time a command of the SDK has. */
export interface RequestTime {
  readonly abortSignal: AbortSignal;
  /** Of one attempt, milliseconds. */
  readonly requestTimeout: number;
}

/**
 * An attempt may take half of the time, so that a connection that died unnoticed, or one answer
 * that was lost, is not taken for trouble of the queue.
 */
const ATTEMPTS = 2;

/**
 * Makes a request to a queue within the patience that there is. Throws what `send` throws, and
 * SilentQueueError.
 */
export async function patientRequest<Output>(
  patience: Patience,
  { queueName, bytes }: { readonly queueName: string; readonly bytes: number },
  send: (time: RequestTime) => Promise<Output>,
): Promise<Output> {
  const patienceMs = patience.forRequest(queueName, bytes);
  const startedAt = performance.now();
  using deadline = new Deadline(patienceMs);
  const abortSignal = deadline.signal;
  try {
    const output = await send({
      abortSignal,
      requestTimeout: Math.ceil(patienceMs / ATTEMPTS),
    });
    patience.ended({ queueName, bytes, startedAt });
    return output;
  } catch (error) {
    if (!abortSignal.aborted) throw error;
    patience.ended({ queueName, bytes, startedAt });
    throw new SilentQueueError(patienceMs, { cause: error });
  }
}

/**
 * Aborts after `ms`. Two timers of half of it run one after the other, so that time in which this
 * process was blocked does not count. What has arrived by the end is read before.
 */
class Deadline implements Disposable {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout;
  #immediate: NodeJS.Immediate | undefined;

  constructor(ms: number) {
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(() => {
        this.#immediate = setImmediate(() => this.#controller.abort());
      }, ms / 2);
    }, ms / 2);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }
}
