import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  CorruptEventError,
  UnsupportedEventError,
} from "../../../../../reader/binlog-format/errors.ts";
import { EventType } from "../../../../../reader/binlog-format/events/event-types.ts";
import { parseFormatDescription } from "../../../../../reader/binlog-format/events/format-description.ts";
import { GtidEvent } from "../../../../../reader/binlog-format/events/gtid-event.ts";
import {
  parseGtidEvent,
  readGtidEvent,
} from "../../../../../reader/binlog-format/events/read-gtid-event.ts";
import { recorded } from "../recorded-events.ts";

/**
 * The recorded format description with one byte changed, and its checksum computed anew; a negative
 * offset counts from the end.
 */
function changed(offset: number, value: number): Buffer {
  const event = Buffer.from(recorded.FORMAT_DESCRIPTION);
  event[offset < 0 ? event.length + offset : offset] = value;
  event.writeUInt32LE(crc32(event.subarray(0, -4)), event.length - 4);
  return event;
}

describe("parseFormatDescription", () => {
  it("returns the version, whether the server started, and whether events have checksums", () => {
    expect(parseFormatDescription(recorded.FORMAT_DESCRIPTION)).toEqual({
      serverVersion: "9.7.4-2",
      created: 0,
      checksums: true,
    });
    const atStart = Buffer.from(recorded.FORMAT_DESCRIPTION);
    atStart.writeUInt32LE(1_795_000_000, 19 + 52);
    atStart[atStart.length - 5] = 0;
    expect(parseFormatDescription(atStart)).toMatchObject({
      created: 1_795_000_000,
      checksums: false,
    });
  });

  it("refuses another binlog version, header length or checksum algorithm, and a short event", () => {
    expect(() => parseFormatDescription(changed(19, 3))).toThrow(UnsupportedEventError);
    expect(() => parseFormatDescription(changed(19 + 56, 20))).toThrow(UnsupportedEventError);
    expect(() => parseFormatDescription(changed(-5, 2))).toThrow(UnsupportedEventError);
    expect(() => parseFormatDescription(recorded.FORMAT_DESCRIPTION.subarray(0, 60))).toThrow(
      CorruptEventError,
    );
  });

  it("refuses one with any flipped bit, except the mark of a file that is being written", () => {
    const IN_USE = 17 * 8;
    for (let bit = 0; bit < recorded.FORMAT_DESCRIPTION.length * 8; bit++) {
      if (bit === IN_USE) continue;
      const damaged = Buffer.from(recorded.FORMAT_DESCRIPTION);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => parseFormatDescription(damaged)).toThrow(CorruptEventError);
    }
  });

  it("refuses one with the mark that says wrongly that events have no checksums", () => {
    const damaged = Buffer.from(recorded.FORMAT_DESCRIPTION);
    damaged[17] = 1;
    damaged[damaged.length - 5] = 0;
    expect(() => parseFormatDescription(damaged)).toThrow(CorruptEventError);
  });

  it("believes one without checksums, whether or not the server has changed it for a dump", () => {
    const event = changed(-5, 0);
    expect(parseFormatDescription(event)).toMatchObject({ checksums: false });
    event.writeUInt32LE(0, 13);
    expect(parseFormatDescription(event)).toMatchObject({ checksums: false });
    event[event.length - 5] = 1;
    expect(() => parseFormatDescription(event)).toThrow(CorruptEventError);
  });
});

describe("parseGtidEvent", () => {
  const gtid = recorded.GTID.subarray(0, -4);

  it("reads GTID and commit time", () => {
    expect(parseGtidEvent(gtid)).toMatchObject({
      gtid: "5100691a-e511-11f1-9a97-02fc00000001:51",
      immediateCommitTimestamp: 1_795_201_366_395_958,
      originalCommitTimestamp: 1_795_201_366_395_958,
    });
  });

  it("reads one event after the other into the same object", () => {
    const target = new GtidEvent();
    const { GTID, GTID_TAGGED } = recorded;
    const texts = [GTID, GTID_TAGGED, GTID].map(
      (event) => readGtidEvent(event, 0, event.length - 4, target).gtid,
    );
    expect(texts).toEqual([
      "5100691a-e511-11f1-9a97-02fc00000001:51",
      "5100691a-e511-11f1-9a97-02fc00000001:my_tag:1",
      "5100691a-e511-11f1-9a97-02fc00000001:51",
    ]);
    expect(target.tag).toBeUndefined();
  });

  it("reads a tagged GTID", () => {
    expect(parseGtidEvent(recorded.GTID_TAGGED.subarray(0, -4))).toMatchObject({
      gtid: "5100691a-e511-11f1-9a97-02fc00000001:my_tag:1",
      tag: "my_tag",
      immediateCommitTimestamp: 1_795_201_366_398_988,
      originalCommitTimestamp: 1_795_201_366_398_988,
    });
  });

  it("reads the original commit time when it differs from the commit time", () => {
    const place = 19 + 42;
    const replicated = Buffer.concat([
      gtid.subarray(0, place + 7),
      Buffer.from([1, 2, 0, 0, 0, 0, 0]),
      gtid.subarray(place + 7),
    ]);
    replicated[place + 6] = (replicated[place + 6] ?? 0) | 0x80;
    expect(parseGtidEvent(replicated)).toMatchObject({
      immediateCommitTimestamp: 1_795_201_366_395_958,
      originalCommitTimestamp: 513,
    });
    const cut = replicated.subarray(0, place + 7 + 6);
    expect(() => parseGtidEvent(cut)).toThrow(CorruptEventError);
  });

  it("reads a number that a JavaScript number cannot represent", () => {
    const last = Buffer.from(gtid);
    last.writeBigUInt64LE(2n ** 63n - 2n, 19 + 17);
    expect(parseGtidEvent(last)).toMatchObject({
      gtid: "5100691a-e511-11f1-9a97-02fc00000001:9223372036854775806",
      number: 2n ** 63n - 2n,
    });
  });

  it("returns no GTID for an anonymous transaction, and no times for one of an old server", () => {
    const anonymous = Buffer.from(gtid);
    anonymous[4] = EventType.ANONYMOUS_GTID_LOG_EVENT;
    expect(parseGtidEvent(anonymous)).toMatchObject({
      gtid: null,
      immediateCommitTimestamp: 1_795_201_366_395_958,
    });
    expect(parseGtidEvent(gtid.subarray(0, 19 + 42))).toMatchObject({
      gtid: "5100691a-e511-11f1-9a97-02fc00000001:51",
      immediateCommitTimestamp: 0,
      originalCommitTimestamp: 0,
    });
    const otherTimes = Buffer.from(gtid);
    expect(otherTimes[19 + 25]).toBe(2);
    otherTimes[19 + 25] = 1;
    expect(parseGtidEvent(otherTimes)).toMatchObject({ immediateCommitTimestamp: 0 });
  });

  it("refuses a short event, and a tagged event that requires an unknown field", () => {
    expect(() => parseGtidEvent(gtid.subarray(0, 30))).toThrow(CorruptEventError);
    const demanding = Buffer.from(recorded.GTID_TAGGED.subarray(0, -4));
    expect(demanding[21]).toBe(0);
    demanding[21] = 26;
    expect(() => parseGtidEvent(demanding)).toThrow(UnsupportedEventError);
  });
});
