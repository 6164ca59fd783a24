import { connectionName, type Connection } from "../../wire/session.ts";

/**
 * A stream: what is delivered in order, and parked in order behind its first failure.
 *
 *   queue    one queue, what one lane sends to it
 *   thread   the changes of one connection whose author is not known, of one lane
 *   raw      one message of the raw queue that could not be read, or that an operator brought back
 *
 * Lanes advance independently, so positions are compared within one lane only, and every stream
 * belongs to one. As text: `<kind>/<lane>/<name>`.
 */
export interface Stream {
  readonly kind: "queue" | "thread" | "raw";
  readonly lane: number;
  /** The queue's name, the connection's name, or the SQS message id. */
  readonly name: string;
}

export function queueStream(lane: number, queueName: string): Stream {
  return { kind: "queue", lane, name: queueName };
}

export function threadStream(lane: number, connection: Connection): Stream {
  return { kind: "thread", lane, name: connectionName(connection) };
}

/**
 * A message of the raw queue that could not be read has a stream of its own: it blocks nothing. If
 * it was a frame, the position chain finds the gap at once and its lane stops until the frame is
 * back.
 */
export function unreadableStream(messageId: string): Stream {
  return { kind: "raw", lane: 0, name: messageId };
}

/**
 * Frames of a lane that an operator brought back: those of each life for themselves, because its
 * positions tell their order.
 */
export function deadLetterStream({
  lane,
  life,
}: {
  readonly lane: number;
  readonly life?: string;
}): Stream {
  return { kind: "raw", lane, name: life === undefined ? "dead-letter" : `dead-letter/${life}` };
}

export function streamText({ kind, lane, name }: Stream): string {
  return `${kind}/${lane}/${name}`;
}

const PATTERN = /^(queue|thread|raw)\/(\d+)\/(.+)$/s;

/** The stream that a text of `streamText` names. Throws RangeError. */
export function parseStream(text: string): Stream {
  const match = PATTERN.exec(text);
  if (match === null)
    throw new RangeError(`not the name of a stream: ${JSON.stringify(text.slice(0, 200))}`);
  const [, kind, lane, name] = match;
  return { kind: kind as Stream["kind"], lane: Number(lane), name: name ?? "" };
}
