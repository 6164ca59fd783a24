import type { Connection, RowDataPacket } from "mysql2/promise";

/**
 * The type of the event that begins at a position, according to SHOW BINLOG EVENTS; null when none
 * does.
 */
export async function typeAt(
  connection: Connection,
  file: string,
  start: number,
): Promise<string | null> {
  const [event] = await showEvents(connection, file, start, 1);
  return event !== undefined && event.start === start ? event.type : null;
}

/**
 * The events of a file from an offset on, according to SHOW BINLOG EVENTS: a dump does not send
 * transactions without a GTID if `gtid_mode` is ON. An event may come twice. It ends before an
 * event that is too big.
 */
export async function* eventsIn(
  connection: Connection,
  file: string,
  offset: number,
): AsyncGenerator<ShownEvent> {
  for (let from = offset; ;) {
    const events = await showEvents(connection, file, from, EVENTS_AT_ONCE);
    yield* events;
    if (events.length < EVENTS_AT_ONCE) return;
    from = events.at(-1)?.start ?? from;
  }
}

interface ShownEvent {
  readonly type: string;
  readonly start: number;
}

/** Empty where the offset is no position, and where one of the events is too big. */
async function showEvents(
  connection: Connection,
  file: string,
  offset: number,
  limit: number,
): Promise<readonly ShownEvent[]> {
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      "SHOW BINLOG EVENTS IN ? FROM ? LIMIT ?",
      [file, offset, limit],
    );
    return rows.map((row) => ({ type: String(row["Event_type"]), start: Number(row["Pos"]) }));
  } catch (error) {
    if (
      error instanceof Error &&
      "errno" in error &&
      error.errno === ER_ERROR_WHEN_EXECUTING_COMMAND
    )
      return [];
    throw error;
  }
}

/** Few, because the server also sends statements as text, whole. */
const EVENTS_AT_ONCE = 100;

/** The error of SHOW BINLOG EVENTS for an invalid position, and for an event that is too big. */
const ER_ERROR_WHEN_EXECUTING_COMMAND = 1220;
