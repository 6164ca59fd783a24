import { MESSAGE_VERSION, type EnvironmentMessage } from "../wire/message.ts";
import { isPosition } from "../wire/position.ts";
import { InvalidMessageError, UnsupportedMessageVersionError } from "./errors.ts";
import { parseExactJson } from "./exact-json.ts";

/**
 * The message that a queue's text stands for. Checks what this library relies on, not every field: a version may add
 * fields. Throws UnsupportedMessageVersionError, InvalidMessageError.
 */
export function parseMessage(text: string): EnvironmentMessage {
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
    throw new UnsupportedMessageVersionError(Number(message.version), MESSAGE_VERSION);
  }
  const sound =
    message.version === MESSAGE_VERSION &&
    typeof message.source === "string" &&
    typeof message.subscriber === "string" &&
    typeof message.environment === "string" &&
    typeof message.group === "string" &&
    isPositionText(message.first) &&
    isPositionText(message.last) &&
    Array.isArray(message.changes) &&
    message.changes.every(isChange);
  if (!sound) throw new InvalidMessageError("a field is missing or has another type");
  return value as unknown as EnvironmentMessage;
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

function isPositionText(value: unknown): boolean {
  return typeof value === "string" && isPosition(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
