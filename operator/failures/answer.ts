import { GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { Connection, SessionEntry } from "../../wire/session.ts";
import {
  decodeSessionEntries,
  encodeSessionEntries,
  encodeSessionKey,
  sessionItem,
  SESSIONS_EXPIRES,
} from "../../wire/session-items.ts";
import { number, text, textOf } from "../../wire/attributes.ts";
import { expiresAt } from "../../functions/failures/items.ts";
import { wasWritten } from "../../functions/aws/conditional-write.ts";
import { CommandError } from "./command-error.ts";
import type { Target } from "./target.ts";

/** A person's answer to the question who was at the other end of a connection. */
export interface Answer {
  readonly user: string;
  readonly host: string;
  /** From which position on; "" for the whole connection, as far as nothing else is known of it. */
  readonly from: string;
}

/** The entries of a connection with an answer added; one with the same beginning is replaced. */
export function withAnswer(
  entries: readonly SessionEntry[],
  { from, user, host }: Answer,
): SessionEntry[] {
  const others = entries.filter((entry) => entry.from !== from);
  const answer: SessionEntry = { from, user, host, attribution: "operator" };
  return [...others, answer].sort((a, b) => (a.from < b.from ? -1 : 1));
}

/** Writes an answer into the sessions table, where route and retry look. Throws CommandError when the reader wrote at the same time. */
export async function recordAnswer(
  { dynamodb, sessionsTable }: Target,
  connection: Connection,
  answer: Answer,
): Promise<void> {
  const { key, attribute } = sessionItem(connection);
  const itemKey = encodeSessionKey(key);
  const { Item: item = {} } = await dynamodb.send(
    new GetItemCommand({ TableName: sessionsTable, Key: itemKey, ConsistentRead: true }),
  );
  const known = textOf(item, attribute);
  const entries = known === undefined ? [] : decodeSessionEntries(known);
  const written = await wasWritten(
    dynamodb.send(
      new UpdateItemCommand({
        TableName: sessionsTable,
        Key: itemKey,
        UpdateExpression: "SET #thread = :entries, #expires = if_not_exists(#expires, :expires)",
        ConditionExpression:
          known === undefined ? "attribute_not_exists(#thread)" : "#thread = :known",
        ExpressionAttributeNames: { "#thread": attribute, "#expires": SESSIONS_EXPIRES },
        ExpressionAttributeValues: {
          ":entries": text(encodeSessionEntries(withAnswer(entries, answer))),
          ":expires": number(expiresAt(Date.now())),
          ...(known !== undefined && { ":known": text(known) }),
        },
      }),
    ),
  );
  if (!written) {
    throw new CommandError(
      "the reader has just learnt something about this connection; look again",
    );
  }
}
