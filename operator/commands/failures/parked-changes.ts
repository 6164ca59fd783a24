import { decodeFrame, MalformedFrameError } from "../../../wire/decode-frame.ts";
import type { Frame, FrameTransaction } from "../../../wire/frame.ts";
import type { PositionText } from "../../../wire/position.ts";
import type { OrderKey } from "../../../wire/session.ts";
import { time } from "../../shared/render.ts";

/**
 * A summary of parked changes that helps an operator to find their author. It contains no row data.
 * Times are in ISO 8601.
 */
export interface ParkedChanges {
  /** `database.table` */
  readonly tables: readonly string[];
  /** The earliest and the latest commit time. */
  readonly committedFrom: string;
  readonly committedTo: string;
}

/**
 * Summarises the body of a record of a connection's stream, which is a frame; null when it cannot
 * be read.
 */
export function parkedChanges(body: string): ParkedChanges | null {
  const frame = readable(body);
  if (frame === null) return null;
  const { changes, tables, transactions } = frame;
  const names = changes.map(({ table }) => {
    const [database = "", name = ""] = tables[table] ?? [];
    return `${database}.${name}`;
  });
  const times = changes
    .map(({ transaction }) => transactions[transaction])
    .filter((transaction): transaction is FrameTransaction => transaction !== undefined)
    .map(({ timestampMs }) => timestampMs);
  return {
    tables: [...new Set(names)],
    committedFrom: time(Math.min(...times)),
    committedTo: time(Math.max(...times)),
  };
}

/**
 * The first position at which the author of a frame's changes was active. For an XA transaction,
 * that is the position of its XA PREPARE. `first` is the record's first position. `orderKey`: from
 * `orderKeyOf`.
 */
export function firstWriting(body: string, first: PositionText, orderKey: OrderKey): PositionText {
  const frame = readable(body);
  if (frame === null) return first;
  const prepared = frame.transactions.flatMap(({ preparedAt = [] }) => preparedAt);
  return [frame.first, ...prepared].reduce((a, b) => (orderKey(a) <= orderKey(b) ? a : b));
}

function readable(body: string): Frame | null {
  try {
    return decodeFrame(body);
  } catch (error) {
    if (error instanceof MalformedFrameError) return null;
    throw error;
  }
}
