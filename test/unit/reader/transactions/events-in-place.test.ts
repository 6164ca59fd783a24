import fc from "fast-check";
import { expect, test } from "vitest";
import { EventType } from "../../../../reader/binlog-format/events/event-types.ts";
import { queryEventBytes } from "../../../support/query-event.ts";
import { keptBoundary } from "../../../support/kept-boundary.ts";
import { transactionReaderOf } from "../../../support/transaction-reader.ts";
import { recorded } from "../binlog-format/recorded-events.ts";

const HEADER_LENGTH = 19;
const rotate = eventOf(EventType.ROTATE_EVENT, Buffer.from("\x04\0\0\0\0\0\0\0bin.000007"));
const EVENTS: readonly Buffer[] = [
  withoutChecksum(recorded.GTID),
  queryEventBytes("BEGIN"),
  withoutChecksum(recorded.TABLE_MAP),
  withoutChecksum(recorded.WRITE_ROWS),
  eventOf(EventType.XID_EVENT, Buffer.alloc(8, 7)),
  withoutChecksum(recorded.GTID_TAGGED),
  queryEventBytes("CREATE TABLE orders (id INT)"),
  eventOf(EventType.TRANSACTION_PAYLOAD_EVENT, recorded.TRANSACTION_PAYLOAD.subarray(19, -4)),
];

function withoutChecksum(event: Buffer): Buffer {
  return Buffer.from(event.subarray(0, -4));
}

function eventOf(type: number, body: Buffer): Buffer {
  const event = Buffer.concat([Buffer.alloc(HEADER_LENGTH), body]);
  event.writeUInt8(type, 4);
  event.writeUInt32LE(event.length, 9);
  return event;
}

/** What a reader does with the events, each of which has `around` before and behind it. */
function outcome(events: readonly Buffer[], around: Buffer): unknown[] {
  const seen: unknown[] = [];
  const reader = transactionReaderOf(["shop.*"], {
    change: (transaction, { texts, ...change }) =>
      seen.push({ transaction, ...change, key: texts.key, after: texts.after }),
    boundary: (boundary) => seen.push(keptBoundary(boundary)),
  });
  try {
    for (const event of [rotate, ...events]) {
      const bytes = Buffer.concat([around, event, around]);
      void reader.onEvent(bytes, around.length, around.length + event.length);
    }
  } catch (error) {
    seen.push(error instanceof Error ? error.name : error);
  }
  return seen;
}

test("an event is read from its start to its end, whatever surrounds it", () => {
  const around = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300, size: "max" }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(...EVENTS),
  );
  const cut = fc.record({ event: fc.nat(EVENTS.length - 1), bytes: fc.nat(60) });
  fc.assert(
    fc.property(around, fc.option(cut), (bytes, short) => {
      const events = EVENTS.map((event, i) =>
        i === short?.event ? event.subarray(0, Math.max(0, event.length - short.bytes)) : event,
      );
      expect(outcome(events, bytes)).toEqual(outcome(events, Buffer.alloc(0)));
    }),
    { numRuns: 500 },
  );
  const whole = outcome(EVENTS, Buffer.alloc(0));
  expect(whole.filter((one) => typeof one === "string")).toEqual([]);
  expect(whole.length).toBeGreaterThan(4);
});
