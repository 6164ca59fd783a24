import type { Connection, RowDataPacket } from "mysql2/promise";
import { CorruptEventError, UnsupportedEventError } from "../binlog-format/errors.ts";
import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { verifyChecksum } from "../binlog-format/events/checksum.ts";
import { parseRotate } from "../binlog-format/events/control-events.ts";
import { type EventHeader, parseEventHeader } from "../binlog-format/events/event-header.ts";
import { EventType } from "../binlog-format/events/event-types.ts";
import { parseFormatDescription } from "../binlog-format/events/format-description.ts";
import { parseGtidEvent } from "../binlog-format/events/gtid-event.ts";
import { GtidIntervals } from "../frames/gtid-intervals.ts";
import {
  BinlogDump,
  type BinlogDumpOptions,
  DUMP_LIMIT,
  type DumpStart,
} from "../source/binlog-dump.ts";
import { isGtidSubset } from "../source/server-state.ts";
import type { Anchor } from "../transactions/transaction.ts";
import { joinGtidSets } from "./offset-saver.ts";
import { type BinlogEvidence, FIRST_EVENT } from "./evidence.ts";

export interface AskedServer extends Omit<BinlogDumpOptions, "start" | "onEvent"> {
  /** Whether events before the first format description end with a checksum. */
  readonly checksums: boolean;
}

/**
 * The server cannot read its log at this position: it lies beyond the file's end or inside an
 * event, or the log was purged. The server also returns this error, temporarily, when another
 * replica uses the same server id.
 */
const ER_SOURCE_FATAL_ERROR_READING_BINLOG = 1236;
/** The error of SHOW BINLOG EVENTS for an invalid position. */
const ER_ERROR_WHEN_EXECUTING_COMMAND = 1220;

/**
 * Examines a server's binlog with queries and short dumps that end at the first event of interest.
 */
export function binlogEvidence(server: AskedServer, connection: Connection): BinlogEvidence {
  const eventAt = async (file: string, offset: number): Promise<Anchor | null> => {
    if (offset >= DUMP_LIMIT) return null;
    try {
      const found = await look(server, { kind: "file", file, offset }, anchorIn);
      return found?.start === offset ? found : null;
    } catch (error) {
      if (!isUnreadable(error) || (await isPosition(connection, file, offset))) throw error;
      return null;
    }
  };
  return {
    isSubset: (subset, set) => isGtidSubset(connection, subset, set),
    eventAt,

    async stands(anchor) {
      const found = await eventAt(anchor.file, anchor.start);
      if (found === null || found.begunS !== anchor.begunS) return false;
      const isTransaction = anchor.begunS === null;
      return (
        !isTransaction || (found.gtid === anchor.gtid && found.committedUs === anchor.committedUs)
      );
    },

    async find(gtid) {
      // All other GTIDs count as read, so the server sends this transaction first.
      const [rows] = await connection.query<RowDataPacket[]>(
        "SELECT GTID_SUBTRACT(@@global.gtid_executed, ?) AS others",
        [gtid],
      );
      const gtidSet = String(rows[0]?.["others"] ?? "").replace(/\s/g, "");
      try {
        const found = await look(server, { kind: "gtid", gtidSet }, transactionIn);
        return found?.gtid === gtid ? found : null;
      } catch (error) {
        if (!isUnreadable(error) || !(await isPurged(connection, gtid))) throw error;
        return null;
      }
    },

    async findBetween(gtid, { file, offset }, end) {
      let found: Anchor | null = null;
      const endNumber = binlogFileNumber(end.file);
      await look(server, { kind: "file", file, offset }, (event) => {
        const each = transactionIn(event);
        if (each?.gtid === gtid) found = each;
        const isLast = event.file === end.file && event.isInFile;
        const isEnd = isLast && event.header.logPos >= end.offset;
        const isBehind = binlogFileNumber(event.file) > endNumber;
        return found !== null || isEnd || isBehind ? true : null;
      });
      return found;
    },

    beginningOf: (file) => look(server, { kind: "file", file, offset: FIRST_EVENT }, anchorIn),

    async lastCommitBefore(file, offset) {
      let last: number | null = null;
      await look(server, { kind: "file", file, offset: FIRST_EVENT }, (event) => {
        if (event.file !== file) return true;
        const found = transactionIn(event);
        if (found !== null && found.start < offset)
          last = parseGtidEvent(event.event).immediateCommitTimestamp;
        return event.header.logPos >= offset && event.isInFile ? true : null;
      });
      return last;
    },

    async hasAnonymous(file, offset) {
      for await (const { type } of eventsIn(connection, file, offset))
        if (type === "Anonymous_Gtid") return true;
      return false;
    },

    async lastGtidIn(file) {
      let last: number | null = null;
      for await (const { type, start } of eventsIn(connection, file, FIRST_EVENT))
        if (type.startsWith("Gtid")) last = start;
      return last;
    },

    async gtidsBefore(file, offset) {
      const inFile = new GtidIntervals();
      if (offset > FIRST_EVENT) {
        await look(server, { kind: "file", file, offset: FIRST_EVENT }, (event) => {
          if (event.file !== file) return true;
          const found = transactionIn(event);
          if (found?.gtid != null && found.start < offset) inFile.add(found.gtid);
          return event.header.logPos >= offset && event.isInFile ? true : null;
        });
      }
      return joinGtidSets(await previousGtids(connection, file), inFile.toString());
    },
  };
}

/** An event of a short dump. */
interface LookedAt {
  readonly file: string;
  readonly header: EventHeader;
  /** With header, without checksum. */
  readonly event: Buffer;
  /** Whether the event is in the file, not made for this dump. */
  readonly isInFile: boolean;
}

/**
 * The first result of `inspect` that is not null; null when the server has no more events to send.
 */
async function look<Found>(
  server: AskedServer,
  start: DumpStart,
  inspect: (event: LookedAt) => Found | null,
): Promise<Found | null> {
  const found = Promise.withResolvers<Found | null>();
  let { checksums } = server;
  let file = start.kind === "file" ? start.file : "";
  const onEvent = (bytes: Buffer, begin: number, end: number): void => {
    const whole = bytes.subarray(begin, end);
    const header = parseEventHeader(whole);
    if (header.type === EventType.FORMAT_DESCRIPTION_EVENT)
      checksums = parseFormatDescription(whole).checksums;
    const event = checksums ? verifyChecksum(whole) : whole;
    if (header.type === EventType.ROTATE_EVENT) ({ file } = parseRotate(event));
    // A dump by GTIDs also sends heartbeats for transactions that it skips.
    if (start.kind === "file" && HEARTBEATS.has(header.type)) found.resolve(null);
    const isInFile = header.logPos !== 0 && (header.flags & LOG_EVENT_ARTIFICIAL_F) === 0;
    const answer = inspect({ file, header, event, isInFile });
    if (answer !== null) found.resolve(answer);
  };
  await using dump = await BinlogDump.start({ ...server, start, onEvent });
  return await Promise.race([found.promise, dump.ended]);
}

function isUnreadable(error: unknown): boolean {
  return (
    error instanceof CorruptEventError ||
    error instanceof UnsupportedEventError ||
    errorNumber(error) === ER_SOURCE_FATAL_ERROR_READING_BINLOG
  );
}

function errorNumber(error: unknown): unknown {
  return error instanceof Error ? (error as { errno?: unknown }).errno : undefined;
}

/** Whether an event begins at a position, according to SHOW BINLOG EVENTS. */
async function isPosition(connection: Connection, file: string, start: number): Promise<boolean> {
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      "SHOW BINLOG EVENTS IN ? FROM ? LIMIT 1",
      [file, start],
    );
    return Number(rows[0]?.["Pos"]) === start;
  } catch (error) {
    if (errorNumber(error) === ER_ERROR_WHEN_EXECUTING_COMMAND) return false;
    throw error;
  }
}

/**
 * The events of a file from an offset on, according to SHOW BINLOG EVENTS: a dump does not send
 * transactions without a GTID if `gtid_mode` is ON. An event may come twice.
 */
async function* eventsIn(
  connection: Connection,
  file: string,
  offset: number,
): AsyncGenerator<{ readonly type: string; readonly start: number }> {
  for (let from = offset; ;) {
    const [rows] = await connection.query<RowDataPacket[]>(
      "SHOW BINLOG EVENTS IN ? FROM ? LIMIT ?",
      [file, from, EVENTS_AT_ONCE],
    );
    for (const { Event_type: type, Pos: start } of rows)
      yield { type: String(type), start: Number(start) };
    if (rows.length < EVENTS_AT_ONCE) return;
    from = Number(rows.at(-1)?.["Pos"]);
  }
}

const EVENTS_AT_ONCE = 1000;

async function isPurged(connection: Connection, gtid: string): Promise<boolean> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT GTID_SUBSET(?, @@global.gtid_purged) AS purged",
    [gtid],
  );
  return Number(rows[0]?.["purged"]) === 1;
}

const HEARTBEATS: ReadonlySet<number> = new Set([
  EventType.HEARTBEAT_LOG_EVENT,
  EventType.HEARTBEAT_LOG_EVENT_V2,
]);
/** The flag of an event that the server made for the dump only; it is in no file. */
const LOG_EVENT_ARTIFICIAL_F = 0x20;

const GTID_EVENTS: ReadonlySet<number> = new Set([
  EventType.GTID_LOG_EVENT,
  EventType.GTID_TAGGED_LOG_EVENT,
  EventType.ANONYMOUS_GTID_LOG_EVENT,
]);

function transactionIn({ file, header, event, isInFile }: LookedAt): Anchor | null {
  if (!isInFile || !GTID_EVENTS.has(header.type)) return null;
  const { gtid, originalCommitTimestamp } = parseGtidEvent(event);
  const start = header.logPos - header.length;
  return { file, start, begunS: null, gtid, committedUs: originalCommitTimestamp };
}

/**
 * An anchor from an event in the file: a transaction's GTID event, or another event such as the
 * file's first.
 */
function anchorIn(looked: LookedAt): Anchor | null {
  const { file, header, isInFile } = looked;
  if (!isInFile) return null;
  return (
    transactionIn(looked) ?? {
      file,
      start: header.logPos - header.length,
      begunS: header.timestamp,
      gtid: null,
      committedUs: 0,
    }
  );
}

/**
 * The GTIDs that were executed before a file was begun. The file's second event has those of the
 * earlier logs; gtid_purged adds those that were in no log, such as the set of a restored copy.
 */
async function previousGtids(connection: Connection, file: string): Promise<string> {
  const [events] = await connection.query<RowDataPacket[]>("SHOW BINLOG EVENTS IN ? LIMIT 2", [
    file,
  ]);
  const [purged] = await connection.query<RowDataPacket[]>("SELECT @@global.gtid_purged AS purged");
  const previous = events.find(({ Event_type: type }) => type === "Previous_gtids");
  return [previous?.["Info"], purged[0]?.["purged"]]
    .map((set) => String(set ?? "").replace(/\s/g, ""))
    .filter((set) => set !== "")
    .join(",");
}
