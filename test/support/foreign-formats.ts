import type { Connection, RowDataPacket } from "mysql2/promise";
import { DeleteMessageCommand, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { FORMATS, type Format } from "../../wire/formats/formats.ts";

/** A format of another tool. */
export type ForeignFormat = Exclude<Format, "envelope" | "compact">;

export const FOREIGN_FORMATS = Object.keys(FORMATS).filter(
  (format): format is ForeignFormat => format !== "envelope" && format !== "compact",
);

/**
 * Receives the next message in a queue, deletes it, and returns its body. Throws when none arrives
 * within ten seconds.
 */
export async function nextBody(sqs: SQSClient, queueUrl: string): Promise<string> {
  const { Messages: [message] = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 10 }),
  );
  if (message === undefined) throw new Error(`nothing came in ${queueUrl}`);
  const { ReceiptHandle, Body = "" } = message;
  await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
  return Body;
}

/**
 * Returns a function that removes from a message what differs between runs: it replaces the values
 * of such fields by their types. The page lists these fields in a table.
 */
export function runRemover(page: string): (format: ForeignFormat, body: string) => unknown {
  const [, table = ""] = /\n(\| format\s*\| differs.*?)\n\n/s.exec(page) ?? [];
  const byFormat = new Map(
    table.split("\n").map((row) => {
      const [format, ...fields] = [...row.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
      return [format, fields];
    }),
  );
  return (format, body) => {
    const fields = byFormat.get(format);
    if (fields === undefined) throw new Error(`the page does not say what differs in ${format}`);
    const names = new Set([...fields, "host", "attribution"]);
    const message = JSON.parse(body) as Record<string, unknown>;
    const masked = (all: object): Record<string, unknown> =>
      Object.fromEntries(
        Object.entries(all).map(([name, value]) => [name, names.has(name) ? typeof value : value]),
      );
    const { source } = message;
    return {
      ...masked(message),
      ...(typeof source === "object" && source !== null && { source: masked(source) }),
    };
  };
}

export interface FormatExample {
  readonly statement: string;
  readonly messages: readonly { readonly format: ForeignFormat; readonly body: string }[];
}

/** The SQL statements of a page, each with the messages after it: blocks of `json <format>`. */
export function formatExamples(page: string): FormatExample[] {
  const examples: { statement: string; messages: { format: ForeignFormat; body: string }[] }[] = [];
  for (const [, language, format, text = ""] of page.matchAll(/```(\w+)(?: (\w+))?\n(.*?)```/gs)) {
    if (language === "sql") examples.push({ statement: text.trim(), messages: [] });
    else if (format !== undefined)
      examples.at(-1)?.messages.push({ format: format as ForeignFormat, body: text });
  }
  return examples;
}

/** The COLUMN_TYPE of each column of a table, by the column's name. */
export async function columnTypes(
  connection: Connection,
  table: string,
): Promise<Record<string, string>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type FROM information_schema.COLUMNS " +
      "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION",
    [table],
  );
  return Object.fromEntries(rows.map(({ name, type }) => [String(name), String(type)]));
}
