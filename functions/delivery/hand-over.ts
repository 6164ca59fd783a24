import type { PositionText } from "../../wire/position.ts";
import type { Batch, StreamState, Trouble } from "../failures/parked.ts";
import type { Stream } from "../failures/stream.ts";

/**
 * How route and retry share a stream, with conditional writes on single items only.
 *
 * 1. Route moves the stream's tail to a batch's last position, which succeeds only while the stream is open (or dead), and
 *    then writes the batch as a record.
 * 2. Retry closes the stream only if the tail is still the last position that it is done with.
 *
 * Either the tail moved first: then retry finds it moved, stays, and waits for the record. Or the stream was closed first:
 * then everything before the batch has been delivered, and route may send directly. A batch whose positions the tail had
 * passed already comes from a frame that is being repeated after a crash; its record is written if it is missing.
 */
export interface ParkedStreams {
  /**
   * Puts a batch behind what is parked, if anything is: `parked` (its record is durable now), `delivered` (it was parked
   * and delivered from there before), or `clear` (nothing is parked; the batch was not either).
   */
  parkBehind(stream: Stream, batch: Batch, trouble: Trouble): Promise<Parking>;
  /** Opens the stream where it is not open, and parks the batch. */
  park(stream: Stream, batch: Batch, trouble: Trouble): Promise<void>;
}

type Parking = "parked" | "delivered" | "clear";

/** What the hand-over is made of: each is one request on one item, and what it says of the item is true at one moment. */
export interface StreamItems {
  /** Moves the tail to `last` if the stream is open or dead and the tail is not there yet; whether it did. */
  moveTail(stream: Stream, last: PositionText): Promise<boolean>;
  /** Opens the stream with this tail if it is closed before it or was never opened; whether it did. */
  open(stream: Stream, last: PositionText, trouble: Trouble): Promise<boolean>;
  /** The stream's state; null: never opened. */
  read(stream: Stream): Promise<Pick<StreamState, "status" | "tail"> | null>;
  /** Writes a record if there is none with its key, whatever has become of that one. */
  putRecord(stream: Stream, batch: Batch, trouble: Trouble): Promise<void>;
}

export function parkedStreams(items: StreamItems): ParkedStreams {
  async function place(
    stream: Stream,
    last: PositionText,
  ): Promise<"behind" | "delivered" | "clear"> {
    for (;;) {
      if (await items.moveTail(stream, last)) return "behind";
      const state = await items.read(stream);
      if (state === null) return "clear";
      if (state.status === "closed") return state.tail < last ? "clear" : "delivered";
      if (state.tail >= last) return "behind";
    }
  }

  async function parkBehind(stream: Stream, batch: Batch, trouble: Trouble): Promise<Parking> {
    const found = await place(stream, batch.last);
    if (found !== "behind") return found;
    await items.putRecord(stream, batch, trouble);
    return "parked";
  }

  return {
    parkBehind,
    async park(stream, batch, trouble) {
      for (;;) {
        if (await items.open(stream, batch.last, trouble)) {
          await items.putRecord(stream, batch, trouble);
          return;
        }
        if ((await parkBehind(stream, batch, trouble)) !== "clear") return;
      }
    },
  };
}
