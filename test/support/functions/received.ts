import type { EnvironmentMessage } from "../../../wire/message.ts";

/** The numbers (`n`) of the changes in messages, of one table or, by default, of all tables. */
export function numbers(messages: readonly EnvironmentMessage[], table?: string): number[] {
  return messages
    .flatMap(({ changes }) => changes)
    .filter(({ source }) => table === undefined || `${source.db}.${source.table}` === table)
    .map(({ before, after }) => (after ?? before)?.["n"] as number);
}
