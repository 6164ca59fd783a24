import { epochOf } from "../../wire/position.ts";
import { connectionName, parseConnectionName, type Connection } from "../../wire/session.ts";
import { isOfTwinLife, type NamedPosition } from "./named-position.ts";

/**
 * A stream is a sequence that is delivered in order, and parked in order after its first failure.
 *
 *   queue    what one lane sends to one queue
 *   thread   the changes of one connection with an unknown author, in one lane; changes of a life
 *            that cannot be parked behind the others have a separate stream (`threadStreamOfLife`)
 *   raw      one unreadable message of the raw queue, or the frames of a lane that an operator
 *            brought back
 *
 * Lanes advance independently, so positions are compared within one lane only, and every stream
 * belongs to one lane. The text form is `<kind>/<lane>/<name>`.
 */
export interface Stream {
  readonly kind: "queue" | "thread" | "raw";
  readonly lane: number;
  /**
   * The queue's name, the connection's name (possibly with a life's name), the SQS message id, or
   * `dead-letter` (possibly with a life's name).
   */
  readonly name: string;
}

export function queueStream(lane: number, queueName: string): Stream {
  return { kind: "queue", lane, name: queueName };
}

export function threadStream(lane: number, connection: Connection): Stream {
  return { kind: "thread", lane, name: connectionName(connection) };
}

/**
 * The stream for changes of a connection up to `last`. `tail` is the tail of the connection's first
 * stream, null if there is none. A tail of a later life or of a twin life cannot be compared with
 * the changes, and a connection may stay unknown for hours. The changes then belong to a stream
 * that is named after their life, whether the first stream is open or closed, so that a repeat of
 * their frame finds the parked records.
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

/** The stream of a connection with a life's name at the end of its name. */
export function namedAfterLife(first: Stream, life: string): Stream {
  return { ...first, name: `${first.name}/${life}` };
}

/**
 * The first stream of the same connection, for a stream that is named after a life; null for other
 * streams.
 */
export function firstStreamOf(stream: Stream): Stream | null {
  if (stream.kind !== "thread") return null;
  const first = threadStream(stream.lane, connectionOfStream(stream));
  return first.name === stream.name ? null : first;
}

/** Parses the connection from the name of a `thread` stream. Throws RangeError. */
export function connectionOfStream({ name }: Stream): Connection {
  return parseConnectionName(name.split("/", 3).join("/"));
}

/**
 * The stream of an unreadable message of the raw queue. Each has a separate stream, so that it
 * blocks nothing. If the message was a frame, the position chain detects the gap at once, and the
 * lane stops until the frame is back.
 */
export function unreadableStream(messageId: string): Stream {
  return { kind: "raw", lane: 0, name: messageId };
}

/**
 * The stream of a lane's frames that an operator brought back. Each life has a separate stream,
 * because frames are ordered by their positions within a life.
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

/** A stream whose name this release cannot parse, possibly written by a later release. */
export interface UnknownStream {
  readonly kind: "unknown";
  /** The whole name, as the failures table has it. */
  readonly name: string;
}

export function streamText(stream: Stream | UnknownStream): string {
  return stream.kind === "unknown" ? stream.name : `${stream.kind}/${stream.lane}/${stream.name}`;
}

const PATTERN = /^(queue|thread|raw)\/(\d+)\/(.+)$/s;

/** Parses a text of `streamText`. Throws RangeError. */
export function parseStream(text: string): Stream {
  const match = PATTERN.exec(text);
  if (match === null)
    throw new RangeError(`not the name of a stream: ${JSON.stringify(text.slice(0, 200))}`);
  const [, kind, lane, name] = match;
  return { kind: kind as Stream["kind"], lane: Number(lane), name: name ?? "" };
}

/** Parses a stream's name; null when it is not one of this release, but possibly of a later one. */
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
