import { verifyChecksum } from "../binlog-format/events/checksum.ts";
import { parseRotate } from "../binlog-format/events/control-events.ts";
import { type EventHeader, parseEventHeader } from "../binlog-format/events/event-header.ts";
import { EventType } from "../binlog-format/events/event-types.ts";
import {
  type FormatDescription,
  parseFormatDescription,
} from "../binlog-format/events/format-description.ts";
import { UnreadableBinlogError } from "../reporting/errors.ts";
import { BinlogDump, type BinlogDumpOptions, type DumpStart } from "../source/binlog-dump.ts";
import { unreadableBinlog } from "../transactions/unreadable-binlog.ts";

export interface AskedServer extends Omit<BinlogDumpOptions, "start" | "onEvent"> {
  /** Ends a short dump that is under way. */
  readonly signal?: AbortSignal;
}

/** An event of a short dump. */
export interface LookedAt {
  readonly file: string;
  readonly header: EventHeader;
  /** With header, without checksum. */
  readonly event: Buffer;
  /** What a file's first event says; null for any other event. */
  readonly description: FormatDescription | null;
  /** Whether the event is in the file, not made for this dump. */
  readonly isInFile: boolean;
}

/**
 * The first result of `inspect` that is not null; null when the server has no more events to send.
 * Rejects with UnreadableBinlogError when something else than an event is there.
 */
export async function look<Found>(
  server: AskedServer,
  start: DumpStart,
  inspect: (event: LookedAt) => Found | null,
): Promise<Found | null> {
  const { signal } = server;
  signal?.throwIfAborted();
  const found = Promise.withResolvers<Found | null>();
  // The signal may be aborted while the dump starts, when nothing awaits the promise yet.
  found.promise.catch(() => undefined);
  // Events before the first format description have one, too.
  let checksums = true;
  let { file, offset } = start.kind === "file" ? start : { file: "", offset: 0 };
  const onEvent = (bytes: Buffer, begin: number, end: number): void => {
    const whole = bytes.subarray(begin, end);
    const header = parseEventHeader(whole);
    const isDescription = header.type === EventType.FORMAT_DESCRIPTION_EVENT;
    const description = isDescription ? parseFormatDescription(whole) : null;
    if (description !== null) ({ checksums } = description);
    const event = checksums ? verifyChecksum(whole) : whole;
    if (header.type === EventType.ROTATE_EVENT) ({ file } = parseRotate(event));
    // A dump by GTIDs also sends heartbeats for transactions that it skips.
    if (start.kind === "file" && HEARTBEATS.has(header.type)) found.resolve(null);
    const isInFile = header.logPos !== 0 && (header.flags & LOG_EVENT_ARTIFICIAL_F) === 0;
    const answer = inspect({ file, header, event, description, isInFile });
    if (isInFile) offset = header.logPos;
    if (answer !== null) found.resolve(answer);
  };
  const onAbort = (): void => found.reject(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  try {
    await using dump = await BinlogDump.start({ ...server, start, onEvent });
    return await Promise.race([found.promise, dump.ended]);
  } catch (error) {
    throw unreadableBinlog(error, { file, offset });
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Whether the server refuses to read its log here, or something else than an event is there. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof UnreadableBinlogError || isRefused(error);
}

export function isRefused(error: unknown): boolean {
  return (
    error instanceof Error &&
    "errno" in error &&
    error.errno === ER_SOURCE_FATAL_ERROR_READING_BINLOG
  );
}

/**
 * The server cannot read its log at this position: it lies beyond the file's end or inside an
 * event, or the log was purged. The server also returns this error, temporarily, when another
 * replica uses the same server id.
 */
const ER_SOURCE_FATAL_ERROR_READING_BINLOG = 1236;

const HEARTBEATS: ReadonlySet<number> = new Set([
  EventType.HEARTBEAT_LOG_EVENT,
  EventType.HEARTBEAT_LOG_EVENT_V2,
]);
/** The flag of an event that the server made for the dump only; it is in no file. */
const LOG_EVENT_ARTIFICIAL_F = 0x20;
