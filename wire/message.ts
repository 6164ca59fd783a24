import { binlogFileNumber } from "./binlog-file.ts";
import { parseExactJson } from "./exact-json.ts";
import type { Operation } from "./frame.ts";
import { legalText } from "./legal-text.ts";
import { isPosition, positionFormatter, type PositionText } from "./position.ts";
import type { Attribution } from "./session.ts";

const MESSAGE_VERSION = 1;

/**
 * A message in an environment queue: consecutive changes of one message group.
 * docs/message-format.md explains each field.
 */
export interface EnvironmentMessage<Row = Record<string, unknown>> {
  readonly version: typeof MESSAGE_VERSION;
  readonly source: string;
  readonly subscriber: string;
  readonly environment: string;
  readonly group: string;
  readonly first: PositionText;
  readonly last: PositionText;
  /** Only in a message that an operator's replay sent. */
  readonly replay?: MessageReplay;
  readonly changes: readonly Change<Row>[];
}

/**
 * Marks a message whose changes were sent, or could have been sent, before; an operator's replay
 * sends them again.
 */
export interface MessageReplay {
  /** The replay's id. A client handles a change once for each replay. */
  readonly id: string;
}

/**
 * A change of one row, a truncation of a table, a statement that changed a table's definition, or a
 * row or mark of a snapshot.
 */
export interface Change<Row = Record<string, unknown>> {
  /** Stable: the same change has the same id however often it is read. */
  readonly id: string;
  readonly op: Operation;
  /**
   * The row before; null except for an update or a delete. A column that the binlog's row image
   * omits is absent, not null.
   */
  readonly before: Row | null;
  /** The row after; null except for an insert, an update or a snapshot's row. */
  readonly after: Row | null;
  /**
   * The primary key's columns; null when the table has no primary key or the row image omits them.
   */
  readonly key: Partial<Row> | null;
  /** Only with op `ddl`: the statement. */
  readonly statement?: string;
  /** Only with the ops `r` and `snapshot`. */
  readonly snapshot?: ChangeSnapshot;
  /**
   * `user` and `host` are "" when `attribution` is `snapshot` or `server`; `host` is also "" when
   * only the GTID's tag is known.
   */
  readonly user: string;
  readonly host: string;
  readonly attribution: Attribution;
  readonly source: ChangeSource;
}

/** The snapshot to which a row or mark belongs. */
export interface ChangeSnapshot {
  readonly id: string;
  /** `database.table`. */
  readonly table: string;
  /**
   * For a row: the number of the part with which it came, counted from 1 over the whole snapshot.
   * All rows of a part are as they are at the same position.
   */
  readonly chunk?: number;
  /** For a mark: `started` precedes the table's first row, `complete` follows its last row. */
  readonly state?: "started" | "complete";
  /** With `complete`: the number of rows that the snapshot read from the table. */
  readonly rows?: number;
  /** Only with `complete`; true: all tables of the snapshot are complete. */
  readonly whole?: true;
  /** Only with `whole`: the number of the snapshot's tables. */
  readonly tables?: number;
}

interface ChangeSource {
  readonly db: string;
  readonly table: string;
  readonly file: string;
  /** Where the event starts in the file, bytes. */
  readonly pos: number;
  readonly row: number;
  readonly gtid: string | null;
  readonly thread: number;
  readonly server_id: number;
  /** Commit time, milliseconds since 1970. */
  readonly ts_ms: number;
}

/**
 * A message has a version that this library does not know, or that this version of Node cannot
 * decompress. The error's text names the remedy. The message stays in the queue.
 */
export class UnsupportedMessageVersionError extends Error {
  override readonly name = "UnsupportedMessageVersionError";
  readonly version: number;

  constructor(
    version: number,
    remedy = `This version of @binlog-router/client reads version ${MESSAGE_VERSION}: install a newer one.`,
  ) {
    super(
      `Message version ${version}: receiving has stopped and the message stays in the queue. ${remedy}`,
    );
    this.version = version;
  }
}

/**
 * A message that binlog-router did not write, or that was damaged. After its retries it is in the
 * dead-letter queue. Remedy: look at it there.
 */
export class InvalidMessageError extends Error {
  override readonly name = "InvalidMessageError";
}

type MessageHead = Omit<EnvironmentMessage, "version" | "changes">;

/**
 * The text of a message, without characters that SQS refuses. `changes`: texts from `changeWriter`
 * (change-text.ts), separated by commas.
 */
export function encodeMessage(head: MessageHead, changes: string): string {
  return encodeHead(head) + legalText(changes) + MESSAGE_END;
}

/** What precedes the changes in a message's text. */
export function encodeHead({
  source,
  subscriber,
  environment,
  group,
  first,
  last,
  replay,
}: MessageHead): string {
  const version = MESSAGE_VERSION;
  const place = { version, source, subscriber, environment, group, first, last };
  const fields = JSON.stringify({ ...place, ...(replay !== undefined && { replay }) });
  return legalText(`${fields.slice(0, -1)},"changes":[`);
}

/** What follows the changes. */
export const MESSAGE_END = "]}";

/**
 * Parses a message's text; integers that a JavaScript number would round become bigints, and
 * decimal numbers that would lose digits become ExactDecimals. Checks only the fields on which the
 * client library relies. Throws UnsupportedMessageVersionError, InvalidMessageError.
 */
export function decodeMessage(text: string): EnvironmentMessage {
  let value: unknown;
  try {
    value = parseExactJson(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    // The SyntaxError is not kept as the cause, because its message quotes the text and so may show
    // row data.
    throw new InvalidMessageError("not JSON");
  }
  if (!isRecord(value) || !("version" in value)) {
    throw new InvalidMessageError("not a message of binlog-router");
  }
  const message = value as Partial<Record<keyof EnvironmentMessage, unknown>>;
  if (Number.isSafeInteger(message.version) && Number(message.version) > MESSAGE_VERSION) {
    throw new UnsupportedMessageVersionError(Number(message.version));
  }
  const sound =
    message.version === MESSAGE_VERSION &&
    typeof message.source === "string" &&
    typeof message.subscriber === "string" &&
    typeof message.environment === "string" &&
    typeof message.group === "string" &&
    isPositionText(message.first) &&
    isPositionText(message.last) &&
    (message.replay === undefined || isReplay(message.replay)) &&
    Array.isArray(message.changes) &&
    message.changes.every(isChange);
  if (!sound) throw new InvalidMessageError("a field is missing or has the wrong type");
  return value as unknown as EnvironmentMessage;
}

/**
 * Returns a function that makes a change's position from its coordinates, for the changes of a
 * message whose positions have this epoch. It throws RangeError when a coordinate is invalid.
 */
export function changePositions(epoch: number): (source: ChangeSource) => PositionText {
  const format = positionFormatter();
  let known: { readonly name: string; readonly number: number } | null = null;
  return ({ file, pos, row }) => {
    if (file !== known?.name) known = { name: file, number: binlogFileNumber(file) };
    return format({ epoch, file: known.number, offset: pos, row });
  };
}

function isChange(value: unknown): boolean {
  if (!isRecord(value) || !isRecord(value["source"])) return false;
  const { db, table, file, pos, row } = value["source"];
  return (
    typeof value["id"] === "string" &&
    typeof value["op"] === "string" &&
    typeof db === "string" &&
    typeof table === "string" &&
    typeof file === "string" &&
    Number.isSafeInteger(pos) &&
    Number.isSafeInteger(row)
  );
}

function isReplay(value: unknown): boolean {
  return isRecord(value) && typeof value["id"] === "string";
}

function isPositionText(value: unknown): boolean {
  return typeof value === "string" && isPosition(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
