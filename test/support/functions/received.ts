import type { EnvironmentMessage } from "../../../wire/message.ts";

/**
 * The numbers of the changes of a table (of all tables when left out) in messages, as `TestLane`
 * counts them.
 */
export function numbers(messages: readonly EnvironmentMessage[], table?: string): number[] {
  return messages
    .flatMap(({ changes }) => changes)
    .filter(({ source }) => table === undefined || `${source.db}.${source.table}` === table)
    .map(({ before, after }) => (after ?? before)?.["n"] as number);
}
