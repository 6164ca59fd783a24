import { Deadline } from "./deadline.ts";
import type { Patience } from "./patience.ts";

/** No response came in time. SQS may have carried out the request nevertheless. */
class SilentQueueError extends Error {
  override readonly name = "SilentQueueError";

  constructor(patienceMs: number, options?: ErrorOptions) {
    super(`no response within ${patienceMs} ms`, options);
  }
}

/** The time limits for a command of the SDK. */
export interface RequestTime {
  readonly abortSignal: AbortSignal;
  /** The timeout of one attempt, milliseconds. */
  readonly requestTimeout: number;
}

/**
 * Number of attempts that share the time, so that one dead connection or one lost response does not
 * count as trouble of the queue.
 */
const ATTEMPTS = 2;

/**
 * Makes a request to a queue within the time that `patience` allows. Throws SilentQueueError when
 * the time is over, otherwise the error of `send`.
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
