import { beforeEach, describe, expect, test } from "vitest";
import { EventType } from "../../../../reader/binlog-format/events/event-types.ts";
import type { KnownFiles } from "../../../../reader/transactions/known-files.ts";
import { runBeginning } from "../../../../reader/transactions/server-run.ts";
import { keptBoundary } from "../../../support/kept-boundary.ts";
import type { Boundary } from "../../../../reader/transactions/transaction.ts";
import type {
  TransactionReader,
  TransactionReaderOptions,
} from "../../../../reader/transactions/transaction-reader.ts";
import { queryEventBytes } from "../../../support/query-event.ts";
import { transactionReaderOf } from "../../../support/transaction-reader.ts";
import { recorded } from "../binlog-format/recorded-events.ts";

const HEADER_LENGTH = 19;
const FIRST_EVENT = 4;
const GIB = 2 ** 30;
const ARTIFICIAL = 0x20;

const FILES: KnownFiles = {
  listed: new Set(["bin.000009", "bin.000042", "moved.1000001"]),
  proven: new Set(["bin.000042"]),
};

let boundaries: Boundary[];
let reader: TransactionReader;
/** The offset of the next event in the file. */
let end: number;

function readerOf(options: Partial<TransactionReaderOptions> = {}): TransactionReader {
  return transactionReaderOf(
    ["shop.*"],
    { boundary: (boundary) => boundaries.push(keptBoundary(boundary)) },
    { files: FILES, ...options },
  );
}

beforeEach(() => {
  boundaries = [];
  reader = readerOf();
});

function take(event: Buffer): void {
  end += event.length;
  event.writeUInt32LE(end % 2 ** 32, 13);
  void reader.onEvent(event);
}

function statement(sql: string): void {
  take(queryEventBytes(sql));
}

/** Reads the event that begins a transaction, with a GTID or without. */
function announce(type: number = EventType.GTID_LOG_EVENT): void {
  const event = Buffer.from(recorded.GTID.subarray(0, -4));
  event.writeUInt8(type, 4);
  event.writeUInt32LE(event.length, 9);
  take(event);
}

function eventOf(type: number, body = 8): Buffer {
  const bytes = Buffer.alloc(HEADER_LENGTH + body);
  bytes.writeUInt8(type, 4);
  bytes.writeUInt32LE(bytes.length, 9);
  return bytes;
}

/**
 * Reads a rotate event. A real one ends a file and names the next; an artificial one is what the
 * server sends when a dump enters a file, followed by the file's first event.
 */
function rotate(file: string, isArtificial: boolean, startsRun = false): void {
  const name = Buffer.from(file);
  const created = startsRun ? 1_790_000_000 : 0;
  const bytes = eventOf(EventType.ROTATE_EVENT, 8 + name.length);
  bytes.writeBigUInt64LE(BigInt(FIRST_EVENT), HEADER_LENGTH);
  name.copy(bytes, HEADER_LENGTH + 8);
  if (isArtificial) {
    bytes.writeUInt16LE(ARTIFICIAL, 17);
    void reader.onEvent(bytes);
    end = FIRST_EVENT;
    take(formatDescription(created));
  } else {
    take(bytes);
  }
}

/**
 * A file's first event, without checksums. `created`: the time of the server's start, seconds since
 * 1970, if the file is the first after it; 0 otherwise.
 */
function formatDescription(created: number): Buffer {
  const bytes = Buffer.from(recorded.FORMAT_DESCRIPTION);
  bytes.writeUInt32LE(created, HEADER_LENGTH + 2 + 50);
  // The algorithm, and the checksum, which is not computed anew for a dump.
  bytes.fill(0, bytes.length - 5);
  return bytes;
}

function placesOf(all: readonly Boundary[]): string[] {
  return all.map(({ file, offset }) => `${file}:${offset}`);
}

test("the position moves to the next file's beginning, once", () => {
  rotate("bin.000007", true);
  expect(boundaries).toEqual([]);
  statement("BEGIN");
  statement("COMMIT");
  rotate("bin.000008", false);
  rotate("bin.000008", true);
  expect(placesOf(boundaries).slice(1)).toEqual(["bin.000008:4"]);
  expect(boundaries[1]).toMatchObject({ executed: null, alsoExecuted: [] });
});

test("the position moves to the next file after a transaction that ends beyond 4 GiB", () => {
  rotate("bin.000007", true);
  statement("BEGIN");
  for (let i = 0; i < 5; i++) {
    end += GIB;
    statement("SAVEPOINT a");
  }
  statement("COMMIT");
  expect(boundaries[0]?.offset).toBeGreaterThan(5 * GIB);
  rotate("bin.000008", false);
  rotate("bin.000008", true);
  expect(placesOf(boundaries).slice(1)).toEqual(["bin.000008:4"]);
});

test("beyond 4 GiB, where no dump can begin, the anchor stays the last transaction before", () => {
  rotate("bin.000007", true);
  const start = end;
  announce();
  statement("BEGIN");
  for (let i = 0; i < 5; i++) {
    end += GIB;
    statement("SAVEPOINT a");
  }
  statement("COMMIT");
  // The server has not begun the next file yet.
  announce();
  statement("BEGIN");
  statement("COMMIT");
  expect(boundaries.map(({ anchor }) => anchor)).toMatchObject([{ start }, { start }]);
  rotate("bin.000008", false);
  rotate("bin.000008", true);
  announce();
  statement("BEGIN");
  statement("COMMIT");
  expect(boundaries.at(-1)?.anchor).toMatchObject({ file: "bin.000008", begunS: null });
});

test.each([
  ["that of the saved anchor", { gtid: "a:5", committedUs: 6 }],
  ["none after a start without an anchor", { gtid: null, committedUs: 0 }],
])("the anchor at a file's beginning has the last transaction's GTID: %s", (_, last) => {
  const saved = { file: "bin.000007", start: 200, begunS: null, ...last };
  reader = readerOf({ anchor: last.gtid === null ? null : saved });
  rotate("bin.000007", true);
  rotate("bin.000008", false);
  rotate("bin.000008", true);
  const begunS = recorded.FORMAT_DESCRIPTION.readUInt32LE(0);
  expect(boundaries.map(({ anchor }) => anchor)).toEqual([
    { file: "bin.000008", start: FIRST_EVENT, begunS, ...last },
  ]);
  expect(saved).toEqual({ file: "bin.000007", start: 200, begunS: null, ...last });
});

test.each([EventType.GTID_LOG_EVENT, EventType.ANONYMOUS_GTID_LOG_EVENT])(
  "no boundary is between a transaction and the event of type %i that announces it",
  (type) => {
    rotate("bin.000007", true);
    expect(reader.boundary).not.toBeNull();
    announce(type);
    expect(reader.boundary).toBeNull();
    statement("BEGIN");
    expect(reader.boundary).toBeNull();
    statement("COMMIT");
    expect(reader.boundary).toMatchObject({ file: "bin.000007", offset: end });
  },
);

test("a boundary at a file's beginning has the run that the file names", () => {
  rotate("bin.000007", true);
  rotate("bin.000008", true, true);
  rotate("bin.000009", true);
  expect(boundaries.map(({ file, run }) => [file, run])).toEqual([
    ["bin.000008", runBeginning(1_790_000_000, 8)],
    ["bin.000009", runBeginning(1_790_000_000, 8)],
  ]);
});

/** The error by which the reader reports that a file is missing. */
function gap(expected: string): unknown {
  return expect.objectContaining({
    name: "BinlogGapError",
    message: expect.stringContaining(`lacks ${expected}`) as string,
  });
}

describe("a file that the server's index lacks", () => {
  test("is detected by the name at the end of the previous file", () => {
    rotate("bin.000007", true);
    rotate("bin.000008", false);
    expect(() => rotate("bin.000009", true)).toThrow(gap("bin.000008"));
  });

  test("is detected by the numbers when a file has no end, also under another base name", () => {
    rotate("bin.000007", true);
    expect(() => rotate("bin.000009", true)).toThrow(gap("bin.000008"));
    reader = readerOf();
    rotate("bin.999999", true);
    rotate("bin.1000000", true);
    expect(() => rotate("moved.1000001", true)).toThrow(gap("bin.1000001"));
  });

  test("is detected although no GTID is missing, when the previous file names it", () => {
    rotate("bin.000007", true);
    rotate("bin.000008", false);
    expect(() => rotate("bin.000042", true)).toThrow(gap("bin.000008"));
  });

  test("is not reported when the GTIDs prove that nothing is missing", () => {
    rotate("bin.000007", true);
    rotate("bin.000042", true);
    rotate("bin.000043", true);
    expect(placesOf(boundaries)).toEqual(["bin.000042:4", "bin.000043:4"]);
  });

  test("is left to the next attempt when the file is newer than this attempt", () => {
    rotate("bin.000007", true);
    expect(() => rotate("bin.000050", true)).toThrow(
      expect.objectContaining({ name: "BinlogInterruptedError" }),
    );
  });

  test("is not reported when a stray file made the server skip numbers", () => {
    rotate("bin.000007", true);
    rotate("bin.000042", false);
    rotate("bin.000042", true);
    rotate("bin.000042", true);
    rotate("bin.000043", true);
    expect(placesOf(boundaries)).toEqual(["bin.000042:4", "bin.000043:4"]);
  });
});

test("the position does not move to the next file inside a transaction", () => {
  rotate("bin.000007", true);
  statement("BEGIN");
  rotate("bin.000008", true);
  expect(boundaries).toEqual([]);
});

test("the position does not return to a file before the one that was read", () => {
  reader = readerOf({ passed: { file: "bin.000009", offset: 500 } });
  for (const file of ["bin.000007", "bin.000008", "bin.000009", "bin.000010"]) rotate(file, true);
  expect(placesOf(boundaries)).toEqual(["bin.000010:4"]);
});
