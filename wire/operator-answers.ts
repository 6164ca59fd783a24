import { placeOf } from "./position.ts";
import { entryAt, type SessionEntry, unknownFrom } from "./session.ts";

/**
 * An operator's statement about whose changes a connection wrote. It is recorded apart from the
 * reader's entries, so that the reader, which writes all of its entries of a connection at once,
 * does not overwrite it.
 */
export interface OperatorAnswer {
  /** The first position to which the answer applies; "" for the beginning of the connection. */
  readonly from: string;
  /**
   * Before this position the answer takes precedence over everything that the reader recorded. From
   * here on the reader's entries take precedence.
   */
  readonly until: string;
  readonly user: string;
  readonly host: string;
  /**
   * Whether the author is unknown from `until` on, where the reader recorded none. Otherwise the
   * answer applies there too.
   */
  readonly isLimited: boolean;
}

/** A connection's entries with an operator's answer. */
export function withAnswer(
  entries: readonly SessionEntry[],
  { from, until, user, host, isLimited }: OperatorAnswer,
): SessionEntry[] {
  const before = entries.filter((entry) => placeOf(entry.from) < placeOf(from));
  const after = entries.filter((entry) => placeOf(entry.from) >= placeOf(until));
  const held = entryAt(entries, until) ?? (isLimited ? unknownFrom(until) : undefined);
  const rest = held === undefined || after[0]?.from === until ? [] : [{ ...held, from: until }];
  return [...before, { from, user, host, attribution: "operator" }, ...rest, ...after];
}

/** The text of a connection's answers, in the order in which they were given. */
export function encodeOperatorAnswers(answers: readonly OperatorAnswer[]): string {
  return JSON.stringify(
    answers.map(({ from, until, user, host, isLimited }) => [from, until, user, host, isLimited]),
  );
}

/** The answers in a text of `encodeOperatorAnswers`. Throws for another text. */
export function decodeOperatorAnswers(value: string): OperatorAnswer[] {
  const rows = JSON.parse(value) as [string, string, string, string, boolean][];
  return rows.map(([from, until, user, host, isLimited]) => ({
    from,
    until,
    user,
    host,
    isLimited,
  }));
}
