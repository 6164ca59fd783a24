import { zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  CorruptEventError,
  UnsupportedEventError,
} from "../../../../../reader/binlog-format/errors.ts";
import { parseEventHeader } from "../../../../../reader/binlog-format/events/event-header.ts";
import {
  parseTransactionPayload,
  streamTransactionPayload,
  transactionPayloadEvents,
} from "../../../../../reader/binlog-format/events/transaction-payload.ts";
import { recorded } from "../recorded-events.ts";

const recordedPayload = recorded.TRANSACTION_PAYLOAD.subarray(0, -4);

/** An event of `length` bytes, for the inside of a payload. */
function innerEvent(length: number, fill: number): Buffer {
  const event = Buffer.alloc(length, fill);
  event.writeUInt32LE(length, 9);
  return event;
}

/** A payload event; its sizes are written as eight-byte integers. */
function payloadEvent(compression: number, payload: Buffer, uncompressedSize: number): Buffer {
  const compressionField =
    compression < 251
      ? Buffer.from([2, 1, compression])
      : Buffer.from([2, 3, 0xfc, compression, 0]);
  return Buffer.concat([
    Buffer.alloc(19),
    compressionField,
    sizeField(3, uncompressedSize),
    Buffer.from([77, 2, 1, 1]), // an unknown field, as later servers may add
    sizeField(1, payload.length),
    Buffer.from([0]),
    payload,
  ]);
}

function sizeField(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(11);
  bytes.set([type, 9, 0xfe]);
  bytes.writeBigUInt64LE(BigInt(value), 3);
  return bytes;
}

async function streamed(event: Buffer): Promise<Buffer[]> {
  const events: Buffer[] = [];
  for await (const inner of streamTransactionPayload(event)) events.push(inner);
  return events;
}

describe("a compressed transaction", () => {
  it("yields the events that it contains", async () => {
    const types = [...transactionPayloadEvents(recordedPayload)].map(
      (event) => parseEventHeader(event).type,
    );
    expect(types).toEqual([2, 19, 31, 16]);
    expect(await streamed(recordedPayload)).toEqual([...transactionPayloadEvents(recordedPayload)]);
  });

  it("may be uncompressed", async () => {
    const inner = [innerEvent(19, 1), innerEvent(300, 2)];
    const event = payloadEvent(255, Buffer.concat(inner), 319);
    expect([...transactionPayloadEvents(event)]).toEqual(inner);
    expect(await streamed(event)).toEqual(inner);
  });

  it("may contain events larger and smaller than the pieces in which it is decompressed", async () => {
    const inner = [19, 1_000_000, 20, 300_000, 5_000_000, 19].map((length, i) =>
      innerEvent(length, i),
    );
    const all = Buffer.concat(inner);
    const event = payloadEvent(0, zstdCompressSync(all), all.length);
    for (const events of [await streamed(event), [...transactionPayloadEvents(event)]]) {
      expect(events.map(({ length }) => length)).toEqual(inner.map(({ length }) => length));
      expect(Buffer.concat(events).equals(all)).toBe(true);
    }
  });

  it("has a size that is read without decompressing it", () => {
    const { compression, uncompressedSize, payload } = parseTransactionPayload(recordedPayload);
    expect(compression).toBe("zstd");
    expect(uncompressedSize).toBe(295);
    expect(payload.length).toBeLessThan(uncompressedSize + 20);
  });

  it("is refused when it is damaged, ends inside an event, or has an unknown compression", async () => {
    const damaged = Buffer.from(recordedPayload);
    damaged.fill(0xff, 60, 90);
    const cut = innerEvent(100, 3).subarray(0, 99);
    const cutEvent = payloadEvent(0, zstdCompressSync(cut), cut.length);
    for (const event of [damaged, cutEvent, recordedPayload.subarray(0, 40)]) {
      expect(() => [...transactionPayloadEvents(event)]).toThrow(CorruptEventError);
      await expect(streamed(event)).rejects.toThrow(CorruptEventError);
    }
    expect(() => parseTransactionPayload(payloadEvent(9, cut, 99))).toThrow(UnsupportedEventError);
  });
});
