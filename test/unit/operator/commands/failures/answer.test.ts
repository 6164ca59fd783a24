import { describe, expect, test } from "vitest";
import { type Answer, recordedAnswer } from "../../../../../operator/commands/failures/answer.ts";
import { withAnswer } from "../../../../../wire/operator-answers.ts";
import {
  authorAt,
  type Connection,
  foreignRun,
  type SessionEntry,
  unknownFrom,
} from "../../../../../wire/session.ts";
import { TestLane } from "../../../../support/functions/frames.ts";

const lane = new TestLane();
const at = (n: number): string => lane.position(n);
const own: Connection = { server: "s", run: 1, thread: 7 };
const foreign: Connection = { server: "s", run: foreignRun(2), thread: 7 };
const parked = { first: at(3), last: at(5) };
const entry = (user: string, from: string): SessionEntry => ({
  from,
  user,
  host: "h",
  attribution: "ledger",
});

/** The entries with the answer `x`. */
function answered(
  connection: Connection,
  entries: readonly SessionEntry[],
  from: Answer["from"] = null,
): SessionEntry[] {
  const answer = { user: "x", host: "h", from };
  return withAnswer(entries, recordedAnswer(connection, entries, answer, parked));
}

/** The authors at positions 1 to 8; "?" stands for an unknown one. */
function authors(entries: readonly SessionEntry[]): string {
  const users = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => authorAt(entries, at(n))?.user ?? "?");
  return users.join("");
}

describe("a person's answer for parked changes from position 3 to 5", () => {
  test.each([
    ["of a connection without a record", own, [], "xxxxxxxx"],
    ["which the ledger knows from later on", own, [entry("a", at(7))], "xxxxxxaa"],
    [
      "whose user changed without registering",
      own,
      [entry("a", ""), unknownFrom(at(2))],
      "axxxx???",
    ],
    [
      "whose user changed, and registered later",
      own,
      [entry("a", ""), unknownFrom(at(3)), entry("b", at(7))],
      "aaxxx?bb",
    ],
    ["whose thread id names no connection", foreign, [], "xxxxx???"],
    [
      "whose thread id names no connection, after another answer",
      foreign,
      [entry("y", ""), unknownFrom(at(2))],
      "yxxxx???",
    ],
  ])("%s", (_, connection, entries, expected) => {
    expect(authors(answered(connection, entries))).toBe(expected);
  });

  test("does not replace what the reader recorded meanwhile", () => {
    expect(() => answered(own, [entry("a", at(2))])).toThrow(/already known: a/);
    expect(authors(answered(own, [entry("a", at(4))]))).toBe("xxxaaaaa");
  });

  test("holds from the position that it names, up to the last of them", () => {
    expect(authors(answered(own, [entry("a", "")], at(4)))).toBe("aaaxxaaa");
  });

  test.each<[string, Connection, SessionEntry[], SessionEntry[], string]>([
    ["about the whole connection", own, [], [entry("b", "")], "xxxxxbbb"],
    ["from a position on", own, [], [entry("b", at(4))], "xxxxxbbb"],
    ["about later changes", own, [], [entry("b", at(7))], "xxxxxxbb"],
    ["that an author is unknown", own, [], [entry("a", ""), unknownFrom(at(2))], "xxxxx???"],
    [
      "other than before",
      own,
      [entry("a", ""), unknownFrom(at(3))],
      [entry("b", at(8))],
      "??xxx??b",
    ],
    ["of a thread id that names no connection", foreign, [], [entry("b", at(7))], "xxxxx?bb"],
  ])(
    "takes precedence over what the reader records afterwards: %s",
    (_, connection, entries, later, expected) => {
      const answer = recordedAnswer(
        connection,
        entries,
        { user: "x", host: "h", from: null },
        parked,
      );
      expect(authors(withAnswer(later, answer))).toBe(expected);
      expect(authors(withAnswer(withAnswer(later, answer), answer))).toBe(expected);
    },
  );
});
