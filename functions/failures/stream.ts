import { epochOf } from "../../wire/position.ts";
import { connectionName, parseConnectionName, type Connection } from "../../wire/session.ts";
import { isOfTwinLife, type NamedPosition } from "./named-position.ts";

/**
 * A stream: what is delivered in order, and parked in order behind its first failure.
 *
 *   queue    one queue, what one lane sends to it
 *   thread   the changes of one connection whose author is not known, of one lane; those of a life
 *            that have no place behind the others have a stream of their own (`threadStreamOfLife`)
 *   raw      one message of the raw queue that could not be read, or that an operator brought back
 *
 * Lanes advance independently, so positions are compared within one lane only, and every stream
 * belongs to one. As text: `<kind>/<lane>/<name>`.
 */
export interface Stream {
  readonly kind: "queue" | "thread" | "raw";
  readonly lane: number;
  /** The queue's name, the connection's name (and its life's), or the SQS message id. */
  readonly name: string;
}

export function queueStream(lane: number, queueName: string): Stream {
  return { kind: "queue", lane, name: queueName };
}

export function threadStream(lane: number, connection: Connection): Stream {
  return { kind: "thread", lane, name: connectionName(connection) };
}

/**
 * The stream for changes of a connection up to `last`, where the connection's first stream ends at
 * `tail` (null: it has none). A tail of a later life, or of a twin life, cannot be compared with
 * them, and a connection may stay unknown for hours. Then they have a stream that names their life,
 * whether the first one is open or closed: so a repeat of their frame finds what was parked.
 */
export function threadStreamOfLife(
  first: Stream,
  tail: NamedPosition | null,
  last: NamedPosition,
): Stream {
  if (tail === null || last.life === null || tail.life === last.life) return first;
  const isLater = epochOf(tail.position) > epochOf(last.position);
  return isLater || isOfTwinLife(tail, last) ? namedAfterLife(first, last.life) : first;
}

/** The stream of a connection whose name ends with that of a life. */
export function namedAfterLife(first: Stream, life: string): Stream {
  return { ...first, name: `${first.name}/${life}` };
}

/** The first stream of the connection of a stream that names its life; null: it names none. */
export function firstStreamOf(stream: Stream): Stream | null {
  if (stream.kind !== "thread") return null;
  const first = threadStream(stream.lane, connectionOfStream(stream));
  return first.name === stream.name ? null : first;
}

/** The connection of a stream of the kind `thread`. Throws RangeError. */
export function connectionOfStream({ name }: Stream): Connection {
  return parseConnectionName(name.split("/", 3).join("/"));
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

/** The stream with a name; null: none of this release has it, a later one may have written it. */
export function readableStream(name: string): Stream | null {
  try {
    const stream = parseStream(name);
    if (stream.kind === "thread") connectionOfStream(stream);
    return streamText(stream) === name ? stream : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
