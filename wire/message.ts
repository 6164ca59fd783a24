import { binlogFileNumber } from "./binlog-file.ts";
import { parseExactJson } from "./exact-json.ts";
import type { Operation } from "./frame.ts";
import { legalText } from "./legal-text.ts";
import { formatPosition, isPosition, type PositionText } from "./position.ts";
import type { Attribution } from "./session.ts";

const MESSAGE_VERSION = 1;

/**
 * What an environment queue carries: consecutive changes of one message group.
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
  /** Only of a message that an operator's replay sent. */
  readonly replay?: MessageReplay;
  readonly changes: readonly Change<Row>[];
}

/**
 * The changes were sent before, or could have been, and come again because a person asked for them.
 */
export interface MessageReplay {
  /** Of the replay: each one lets a change through once more. */
  readonly id: string;
}

/**
 * One change of one row (or a truncated table, or a statement that changed a table's definition, or
 * a row or mark of a snapshot).
 */
export interface Change<Row = Record<string, unknown>> {
  /** Same change, same id, whoever reads it again. */
  readonly id: string;
  readonly op: Operation;
  /**
   * Null for an insert, and a snapshot's row. A column that the binlog's row image leaves out is
   * absent, not null.
   */
  readonly before: Row | null;
  /** Null for a delete. */
  readonly after: Row | null;
  /**
   * The primary key's columns; null when the table has no primary key or the row image leaves them
   * out.
   */
  readonly key: Partial<Row> | null;
  /** Only with op `ddl`: the statement. */
  readonly statement?: string;
  /** Only with the ops `r` and `snapshot`. */
  readonly snapshot?: ChangeSnapshot;
  /** "" with `attribution` `snapshot`; so is `host`. */
  readonly user: string;
  readonly host: string;
  readonly attribution: Attribution;
  readonly source: ChangeSource;
}

/** Of what snapshot a row or mark is. */
export interface ChangeSnapshot {
  readonly id: string;
  /** `database.table`. */
  readonly table: string;
  /**
   * Of a row: the number of the chunk with which it was read, counted over the whole snapshot from
   * 1.
   */
  readonly chunk?: number;
  /** Of a mark: `started` stands before the table's first row, `complete` behind its last one. */
  readonly state?: "started" | "complete";
  /** With `complete`: how many rows of the table came. */
  readonly rows?: number;
  /** With `complete`, and true: the snapshot's other tables are complete as well. */
  readonly whole?: true;
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
 * The queue carries a message of a version that is newer than this library, or that this Node
 * cannot read. The message says the remedy; that in the queue stays there.
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
 * A message that binlog-router did not write. It is retried, then goes to the dead-letter queue:
 * look at it there.
 */
export class InvalidMessageError extends Error {
  override readonly name = "InvalidMessageError";
}

/**
 * The text of a message, which SQS takes. `changes` are texts of `changeWriter` (change-text.ts).
 */
export function encodeMessage(
  head: Omit<EnvironmentMessage, "version" | "changes">,
  changes: readonly string[],
): string {
  const { source, subscriber, environment, group, first, last, replay } = head;
  const version = MESSAGE_VERSION;
  const place = { version, source, subscriber, environment, group, first, last };
  const fields = JSON.stringify({ ...place, ...(replay !== undefined && { replay }) });
  return legalText(`${fields.slice(0, -1)},"changes":[${changes.join(",")}]}`);
}

/**
 * The message that a text stands for; integers that a number would round are bigints. Checks what
 * the client library relies on, not every field: a version may add fields. Throws
 * UnsupportedMessageVersionError, InvalidMessageError.
 */
export function decodeMessage(text: string): EnvironmentMessage {
  let value: unknown;
  try {
    value = parseExactJson(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    // Not kept as the cause: its message quotes the text, and so somebody's row.
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
  if (!sound) throw new InvalidMessageError("a field is missing or has another type");
  return value as unknown as EnvironmentMessage;
}

/**
 * The position of a change whose message's positions have this epoch. Throws RangeError when a
 * coordinate is none.
 */
export function positionOf({ file, pos, row }: ChangeSource, epoch: number): PositionText {
  return formatPosition({ epoch, file: binlogFileNumber(file), offset: pos, row });
}

function isChange(value: unknown): boolean {
  if (!isRecord(value) || !isRecord(value["source"])) return false;
  const { db, table, file, pos, row } = value["source"];
  return (
    typeof value["id"] === "string" &&
    typeof value["op"] === "string" &&
    [db, table, file].every((text) => typeof text === "string") &&
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
