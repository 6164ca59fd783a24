import { GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { Command } from "commander";
import { wasWritten } from "../../../functions/aws/conditional-write.ts";
import { expiresAt } from "../../../functions/failures/items.ts";
import { number, text, textOf } from "../../../wire/attributes.ts";
import { isPosition } from "../../../wire/position.ts";
import {
  decodeSessionEntries,
  encodeSessionEntries,
  encodeSessionKey,
  sessionItem,
  SESSIONS_EXPIRES,
} from "../../../wire/session-items.ts";
import { connectionName, type Connection, type SessionEntry } from "../../../wire/session.ts";
import { CommandError } from "../../shared/command-error.ts";
import { onStack, type StackContext } from "../../shared/command.ts";
import type { Target } from "../../shared/target.ts";
import { revive, troubledStreams } from "./failures-table.ts";

interface AttributeOptions {
  readonly user: string;
  readonly host: string;
  /** From which position on; left out, for the whole connection as far as nothing else is known. */
  readonly from?: string;
}

export function attribute(failures: Command): void {
  failures
    .command("attribute <connection>")
    .description(
      "say who was at the other end of a connection: <server>/<run>/<thread>, or its stream",
    )
    .requiredOption("--user <user>", "the MySQL user")
    .option("--host <host>", "the client's host", "")
    .option("--from <position>", "only from this position on")
    .action(onStack(attributeConnection));
}

/**
 * Answers for a connection whose author is not known: from now on its changes count as written by `user`, and say that an
 * operator said so. Its parked streams become due.
 */
async function attributeConnection(
  { target, report }: StackContext,
  name: string,
  { user, host, from = "" }: AttributeOptions,
): Promise<void> {
  const connection = parseConnection(name);
  if (from !== "" && !isPosition(from)) throw new CommandError(`${from} is not a position`);
  await recordAnswer(target, connection, { user, host, from });
  let due = 0;
  for (const { stream } of await troubledStreams(target)) {
    if (stream.kind !== "thread" || stream.name !== connectionName(connection)) continue;
    if (await revive(target, stream)) due++;
  }
  report(
    { connection: connectionName(connection), user, host, due },
    () => `${connectionName(connection)} counts as ${user}; ${due} parked streams are due now.`,
  );
}

/** `<server uuid>/<run>/<thread>`, or a stream's name that ends in it. */
export function parseConnection(name: string): Connection {
  const match = /^(?:thread\/\d+\/)?([^/]+)\/(\d+)\/(\d+)$/.exec(name);
  if (match === null) {
    throw new CommandError(
      `${name} names no connection; "list" shows them as thread/<lane>/<server>/<run>/<thread>`,
    );
  }
  const [, server = "", run, thread] = match;
  return { server, run: Number(run), thread: Number(thread) };
}

/** A person's answer to the question who was at the other end of a connection. */
interface Answer {
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
async function recordAnswer(
  { dynamodb, sessionsTable }: Target,
  connection: Connection,
  answer: Answer,
): Promise<void> {
  const { key, attribute: thread } = sessionItem(connection);
  const itemKey = encodeSessionKey(key);
  const { Item: item = {} } = await dynamodb.send(
    new GetItemCommand({ TableName: sessionsTable, Key: itemKey, ConsistentRead: true }),
  );
  const known = textOf(item, thread);
  const entries = known === undefined ? [] : decodeSessionEntries(known);
  const written = await wasWritten(
    dynamodb.send(
      new UpdateItemCommand({
        TableName: sessionsTable,
        Key: itemKey,
        UpdateExpression: "SET #thread = :entries, #expires = if_not_exists(#expires, :expires)",
        ConditionExpression:
          known === undefined ? "attribute_not_exists(#thread)" : "#thread = :known",
        ExpressionAttributeNames: { "#thread": thread, "#expires": SESSIONS_EXPIRES },
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
