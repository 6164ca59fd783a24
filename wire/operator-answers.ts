import { entryAt, type OrderKey, type SessionEntry, unknownFrom } from "./session.ts";

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

/**
 * A connection's entries with an operator's answer. `orderKey`: from `orderKeyOf`. An answer that
 * ends before it begins changes nothing.
 */
export function withAnswer(
  entries: readonly SessionEntry[],
  { from, until, user, host, isLimited }: OperatorAnswer,
  orderKey: OrderKey,
): SessionEntry[] {
  if (orderKey(until) <= orderKey(from)) return [...entries];
  const before = entries.filter((entry) => orderKey(entry.from) < orderKey(from));
  const after = entries.filter((entry) => orderKey(entry.from) >= orderKey(until));
  const held = entryAt(entries, until, orderKey) ?? (isLimited ? unknownFrom(until) : undefined);
  const [next] = after;
  const isNext = next !== undefined && orderKey(next.from) === orderKey(until);
  const last = before.at(-1);
  const isLast = last?.attribution === "operator" && last.user === user && last.host === host;
  return [
    ...before,
    ...(isLast ? [] : [{ from, user, host, attribution: "operator" } as const]),
    ...(held === undefined || isNext ? [] : [{ ...held, from: until }]),
    ...after,
  ];
}

/**
 * A connection's answers with a new one, in the fewest answers of the same meaning: answers that
 * the new one covers are dropped, and one for the same user that it touches is joined with it. Only
 * the latest answers are considered, and only those that say nothing about later changes.
 * `orderKey`: from `orderKeyOf`.
 */
export function addAnswer(
  answers: readonly OperatorAnswer[],
  answer: OperatorAnswer,
  orderKey: OrderKey,
): OperatorAnswer[] {
  const last = answers.at(-1);
  if (last === undefined || !last.isLimited || !answer.isLimited) return [...answers, answer];
  const [begin, end, lastBegin, lastEnd] = [answer.from, answer.until, last.from, last.until].map(
    orderKey,
  ) as [string, string, string, string];
  const former = answers.slice(0, -1);
  if (begin <= lastBegin && lastEnd <= end) return addAnswer(former, answer, orderKey);
  const isSame = last.user === answer.user && last.host === answer.host;
  if (!isSame || begin > lastEnd || lastBegin > end) return [...answers, answer];
  const joined = {
    ...answer,
    from: begin < lastBegin ? answer.from : last.from,
    until: end > lastEnd ? answer.until : last.until,
  };
  return addAnswer(former, joined, orderKey);
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
