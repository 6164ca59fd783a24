import type { Connection, RowDataPacket } from "mysql2/promise";
import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { EventType } from "../binlog-format/events/event-types.ts";
import { parseGtidEvent } from "../binlog-format/events/read-gtid-event.ts";
import { GtidIntervals } from "../frames/gtid-intervals.ts";
import { DUMP_LIMIT } from "../source/binlog-dump.ts";
import { isGtidSubset } from "../source/server-state.ts";
import type { Anchor } from "../transactions/transaction.ts";
import { joinGtidSets } from "./offset-saver.ts";
import { type BinlogEvidence, FIRST_EVENT } from "./evidence.ts";
import { type AskedServer, isRefused, isUnreadable, look, type LookedAt } from "./short-dump.ts";
import { eventsIn, typeAt } from "./shown-events.ts";

/**
 * Examines a server's binlog with queries and short dumps that end at the first event of interest.
 *
 * @param onSearch called with each file that is searched for transactions with or without a GTID
 */
export function binlogEvidence(
  server: AskedServer,
  connection: Connection,
  onSearch: (file: string) => void = () => undefined,
): BinlogEvidence {
  const eventAt = async (file: string, offset: number): Promise<Anchor | null> => {
    if (offset >= DUMP_LIMIT) return null;
    try {
      const found = await look(server, { kind: "file", file, offset }, anchorIn);
      return found?.start === offset ? found : null;
    } catch (error) {
      if (!isUnreadable(error) || (await typeAt(connection, file, offset)) !== null) throw error;
      return null;
    }
  };
  return {
    isSubset: (subset, set) => isGtidSubset(connection, subset, set),
    eventAt,

    async subtract(set, others) {
      const [rows] = await connection.query<RowDataPacket[]>("SELECT GTID_SUBTRACT(?, ?) AS rest", [
        set,
        others,
      ]);
      return String(rows[0]?.["rest"] ?? "").replace(/\s/g, "");
    },

    async replication() {
      const [channels] = await connection.query<RowDataPacket[]>("SHOW REPLICA STATUS");
      const sets = channels.map((channel) =>
        String(channel["Retrieved_Gtid_Set"] ?? "").replace(/\s/g, ""),
      );
      return {
        received: sets.reduce(joinGtidSets, ""),
        isReceiving: channels.some((channel) => channel["Replica_IO_Running"] === "Yes"),
      };
    },

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
      let isOver = false;
      const endNumber = binlogFileNumber(end.file);
      await look(server, { kind: "file", file, offset }, (event) => {
        isOver ||= binlogFileNumber(event.file) > endNumber;
        // Events that have arrived already are inspected, too.
        if (isOver) return true;
        const each = transactionIn(event);
        if (each?.gtid === gtid) found = each;
        // A rotate event already counts to the next file, with its position in the former one.
        const { type, logPos } = event.header;
        const isInside = event.isInFile && type !== EventType.ROTATE_EVENT;
        const isAtEnd = isInside && event.file === end.file && logPos >= end.offset;
        isOver = found !== null || isAtEnd;
        return isOver ? true : null;
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
      onSearch(file);
      let has = false;
      const from = offset < DUMP_LIMIT ? offset : FIRST_EVENT;
      const refusedAt = await passOver({ server, connection, file, from }, (start, gtid) => {
        has ||= gtid === null && start >= offset;
        return has;
      });
      // Refused before an offset beyond 4 GiB, what follows is not seen: it may have another one.
      return has || refusedAt !== null;
    },

    async lastGtidIn(file) {
      onSearch(file);
      let last: number | null = null;
      const range = { server, connection, file, from: FIRST_EVENT };
      const refusedAt = await passOver(range, (start, gtid) => {
        if (gtid !== null) last = start;
        return false;
      });
      if (refusedAt === null) return last;
      for await (const { type, start } of eventsIn(connection, file, refusedAt)) {
        server.signal?.throwIfAborted();
        if (type.startsWith("Gtid")) last = start;
      }
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

interface Range {
  readonly server: AskedServer;
  readonly connection: Connection;
  readonly file: string;
  readonly from: number;
}

/**
 * Reads a file's transactions from an offset on until `inspect` returns true. It uses a dump,
 * because SHOW BINLOG EVENTS fails at an event beyond `max_allowed_packet`.
 *
 * @returns where the transaction begins that the server refused to send because it has no GTID and
 *   `gtid_mode` is ON; null when it refused none
 */
async function passOver(
  { server, connection, file, from }: Range,
  inspect: (start: number, gtid: string | null) => boolean,
): Promise<number | null> {
  // Beyond 4 GiB, the positions in the headers begin at 0 again.
  let end = from;
  try {
    await look(server, { kind: "file", file, offset: from }, (event) => {
      if (event.file !== file) return true;
      if (!event.isInFile) return null;
      const start = end;
      end += event.header.length;
      const found = transactionIn(event);
      return found !== null && inspect(start, found.gtid) ? true : null;
    });
    return null;
  } catch (error) {
    if (!isRefused(error) || (await typeAt(connection, file, end)) !== "Anonymous_Gtid")
      throw error;
    return end;
  }
}

async function isPurged(connection: Connection, gtid: string): Promise<boolean> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT GTID_SUBSET(?, @@global.gtid_purged) AS purged",
    [gtid],
  );
  return Number(rows[0]?.["purged"]) === 1;
}

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
