import fc from "fast-check";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  verifiedEnd,
  verifyChecksum,
} from "../../../../../reader/binlog-format/events/checksum.ts";
import { CorruptEventError } from "../../../../../reader/binlog-format/errors.ts";
import { parseEventHeader } from "../../../../../reader/binlog-format/events/event-header.ts";
import {
  EventType,
  eventTypeName,
  isRowsEvent,
  mustNotBeIgnored,
} from "../../../../../reader/binlog-format/events/event-types.ts";
import { recorded } from "../recorded-events.ts";

describe("parseEventHeader", () => {
  it("reads every field, at any offset", () => {
    const header = {
      timestamp: 1795201366,
      type: EventType.WRITE_ROWS_EVENT,
      serverId: 1,
      length: 131,
      logPos: 630,
      flags: 0,
    };
    expect(parseEventHeader(recorded.WRITE_ROWS)).toEqual(header);
    expect(parseEventHeader(Buffer.concat([Buffer.alloc(5), recorded.WRITE_ROWS]), 5)).toEqual(
      header,
    );
  });

  it("refuses an event that ends inside its header", () => {
    expect(() => parseEventHeader(recorded.WRITE_ROWS.subarray(0, 18))).toThrow(CorruptEventError);
    expect(() => parseEventHeader(recorded.WRITE_ROWS, 120)).toThrow(CorruptEventError);
  });
});

describe("verifyChecksum", () => {
  it("returns an intact event without its checksum", () => {
    for (const event of Object.values(recorded)) {
      expect(verifyChecksum(event)).toEqual(event.subarray(0, -4));
    }
  });

  it("detects a change of any byte", () => {
    for (let i = 0; i < recorded.WRITE_ROWS.length; i++) {
      const damaged = Buffer.from(recorded.WRITE_ROWS);
      damaged[i] = (damaged[i] ?? 0) ^ 0x10;
      expect(() => verifyChecksum(damaged)).toThrow(CorruptEventError);
    }
  });

  it("ignores the file-in-use flag, which the server sets and clears without a new checksum", () => {
    const inUse = Buffer.from(recorded.FORMAT_DESCRIPTION);
    inUse[17] = 1;
    expect(verifyChecksum(inUse)).toEqual(inUse.subarray(0, -4));
    const marked = Buffer.from(recorded.GTID);
    marked[17] = 1;
    expect(() => verifyChecksum(marked)).toThrow(CorruptEventError);
  });

  it("computes the CRC-32 that zlib computes, whatever the event's length and place", () => {
    // Without a size, fast-check makes hardly more than the least length.
    const bytes = fc.uint8Array({ minLength: 19, maxLength: 600, size: "max" });
    fc.assert(
      fc.property(bytes, bytes, ([...event], [...around]) => {
        event[4] = EventType.XID_EVENT;
        const checksum = Buffer.alloc(4);
        checksum.writeUInt32LE(crc32(Buffer.from(event)));
        const chunk = Buffer.from([...around, ...event, ...checksum, ...around]);
        const end = around.length + event.length;
        expect(verifiedEnd(chunk, around.length, end + 4)).toBe(end);
        chunk.writeUInt8((chunk[end - 1] ?? 0) ^ 1, end - 1);
        expect(() => verifiedEnd(chunk, around.length, end + 4)).toThrow(CorruptEventError);
      }),
    );
  });

  it("names the event in its error, without the event's data", () => {
    const damaged = Buffer.from(recorded.WRITE_ROWS);
    damaged.writeUInt32LE(crc32(damaged) ^ 1, damaged.length - 4);
    expect(() => verifyChecksum(damaged)).toThrow(
      "the checksum of a WRITE_ROWS_EVENT of 131 bytes does not match",
    );
  });
});

describe("event types", () => {
  it("have MySQL's names", () => {
    expect(eventTypeName(EventType.XA_PREPARE_LOG_EVENT)).toBe("XA_PREPARE_LOG_EVENT");
    expect(eventTypeName(99)).toBe("event type 99");
  });

  it("say which events carry rows", () => {
    const rows = Array.from({ length: 50 }, (_, type) => type).filter(isRowsEvent);
    expect(rows).toEqual([23, 24, 25, 30, 31, 32, 39]);
  });

  it("say which events must stop the reader: unknown and not ignorable, or changes in an unsupported form", () => {
    expect(mustNotBeIgnored(99, 0)).toBe(true);
    expect(mustNotBeIgnored(99, 0x80)).toBe(false);
    expect(mustNotBeIgnored(EventType.INCIDENT_EVENT, 0)).toBe(true);
    expect(mustNotBeIgnored(EventType.PARTIAL_UPDATE_ROWS_EVENT, 0)).toBe(true);
    expect(mustNotBeIgnored(EventType.HEARTBEAT_LOG_EVENT_V2, 0)).toBe(false);
  });
});
