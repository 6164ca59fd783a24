import { binlogFileNumber } from "./binlog-file.ts";
import { type Change, type ChangeSource, isChange, isRecord } from "./change.ts";
import { COMPACT_VERSION, wholeChanges } from "./compact-changes.ts";
import { legalText } from "./legal-text.ts";
import { parseMessageJson } from "./message-json.ts";
import { isPosition, positionFormatter, type PositionText } from "./position.ts";

export type { Change, ChangeSnapshot } from "./change.ts";

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
 * A message has a version that this library does not know, or that this version of Node cannot
 * decompress. The error's text names the remedy. The message stays in the queue.
 */
export class UnsupportedMessageVersionError extends Error {
  override readonly name = "UnsupportedMessageVersionError";
  readonly version: number;

  constructor(
    version: number,
    remedy = `This version of @binlog-router/client reads versions ${MESSAGE_VERSION} and ${COMPACT_VERSION}: install a newer one.`,
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

/** `version`: 1 when it is left out. */
interface WrittenHead extends MessageHead {
  readonly version?: typeof MESSAGE_VERSION | typeof COMPACT_VERSION;
}

/**
 * The text of a message, without characters that SQS refuses. `changes`: texts from `changeWriter`
 * (change-text.ts), separated by commas.
 */
export function encodeMessage(head: MessageHead, changes: string): string {
  return encodeHead(head) + legalText(changes) + MESSAGE_END;
}

/** What precedes the changes in a message's text. */
export function encodeHead({
  version = MESSAGE_VERSION,
  source,
  subscriber,
  environment,
  group,
  first,
  last,
  replay,
}: WrittenHead): string {
  const place = { version, source, subscriber, environment, group, first, last };
  const fields = JSON.stringify({ ...place, ...(replay !== undefined && { replay }) });
  return legalText(`${fields.slice(0, -1)},"changes":[`);
}

/** What follows the changes. */
export const MESSAGE_END = "]}";

/**
 * Parses a message's text; integers that a JavaScript number would round become bigints, and
 * decimal numbers that would lose digits become ExactDecimals. A message of version 3 is returned
 * as version 1 would have it. Checks only the fields on which the client library relies. Throws
 * UnsupportedMessageVersionError, InvalidMessageError.
 */
export function decodeMessage(text: string): EnvironmentMessage {
  let value: unknown;
  try {
    value = parseMessageJson(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    // The SyntaxError is not kept as the cause, because its message quotes the text and so may show
    // row data.
    throw new InvalidMessageError("not JSON");
  }
  if (!isRecord(value) || !("version" in value)) {
    throw new InvalidMessageError("not a message of binlog-router");
  }
  const { version } = value;
  if (isUnsupported(version)) throw new UnsupportedMessageVersionError(version);
  const changes = soundChanges(version, value["changes"]);
  if (changes === null || !isHead(value)) {
    throw new InvalidMessageError("a field is missing or has the wrong type");
  }
  return Object.assign(value, { version: MESSAGE_VERSION, changes } as const);
}

function isUnsupported(version: unknown): version is number {
  return (
    Number.isSafeInteger(version) &&
    Number(version) > MESSAGE_VERSION &&
    version !== COMPACT_VERSION
  );
}

/** The whole changes of a message; null when one of them is not sound. */
function soundChanges(version: unknown, changes: unknown): readonly Change[] | null {
  if (!Array.isArray(changes)) return null;
  if (version === COMPACT_VERSION) return wholeChanges(changes);
  return version === MESSAGE_VERSION && changes.every(isChange) ? changes : null;
}

function isHead(
  value: Readonly<Record<string, unknown>>,
): value is Record<string, unknown> & MessageHead {
  const { source, subscriber, environment, group, first, last, replay } = value;
  return (
    typeof source === "string" &&
    typeof subscriber === "string" &&
    typeof environment === "string" &&
    typeof group === "string" &&
    isPositionText(first) &&
    isPositionText(last) &&
    (replay === undefined || isReplay(replay))
  );
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

function isReplay(value: unknown): boolean {
  return isRecord(value) && typeof value["id"] === "string";
}

function isPositionText(value: unknown): boolean {
  return typeof value === "string" && isPosition(value);
}
