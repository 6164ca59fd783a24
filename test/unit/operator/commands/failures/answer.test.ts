import { describe, expect, test } from "vitest";
import { withAnswer } from "../../../../../operator/commands/failures/answer.ts";
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
    const answer = { user: "x", host: "h", from: null };
    expect(authors(withAnswer(connection, entries, answer, parked))).toBe(expected);
  });

  test("does not replace what the reader recorded meanwhile", () => {
    const answer = { user: "x", host: "h", from: null };
    expect(() => withAnswer(own, [entry("a", at(2))], answer, parked)).toThrow(/already known: a/);
  });

  test("holds from the position that it names, up to the last of them", () => {
    const answer = { user: "x", host: "h", from: at(4) };
    expect(authors(withAnswer(own, [entry("a", "")], answer, parked))).toBe("aaaxxaaa");
  });
});
