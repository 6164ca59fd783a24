import { describe, expect, test } from "vitest";
import {
  type Answer,
  answerable,
  recordedAnswer,
} from "../../../../../operator/commands/failures/answer.ts";
import { withAnswer } from "../../../../../wire/operator-answers.ts";
import { formatPosition } from "../../../../../wire/position.ts";
import {
  authorAt,
  type Connection,
  foreignRun,
  orderKeyOf,
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
  return withAnswer(
    entries,
    recordedAnswer(connection, entries, answer, parked),
    orderKeyOf(connection),
  );
}

/** The authors at positions 1 to 8; "?" stands for an unknown one. */
function authors(entries: readonly SessionEntry[], connection = own): string {
  const orderKey = orderKeyOf(connection);
  const users = [1, 2, 3, 4, 5, 6, 7, 8].map(
    (n) => authorAt(entries, at(n), orderKey)?.user ?? "?",
  );
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
    expect(authors(answered(connection, entries), connection)).toBe(expected);
  });

  test("does not replace what the reader recorded meanwhile", () => {
    expect(() => answered(own, [entry("a", at(2))])).toThrow(/already known: a/);
    expect(authors(answered(own, [entry("a", at(4))]))).toBe("xxxaaaaa");
  });

  test("holds from the position that it names, up to the last of them", () => {
    expect(authors(answered(own, [entry("a", "")], at(4)))).toBe("aaaxxaaa");
  });

  test("is refused from a position behind the last of them", () => {
    expect(() => answered(own, [entry("a", "")], at(6))).toThrow(
      `nothing is parked from ${at(6)} on: the last parked change of the connection is at ${at(5)}`,
    );
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
      const orderKey = orderKeyOf(connection);
      const once = withAnswer(later, answer, orderKey);
      expect(authors(once, connection)).toBe(expected);
      expect(authors(withAnswer(once, answer, orderKey), connection)).toBe(expected);
    },
  );
});

/** The entries with the answer `x` for changes from `first` to `last`. */
function answeredFor(connection: Connection, first: string, last: string): SessionEntry[] {
  const given = { user: "x", host: "", from: null };
  const recorded = recordedAnswer(connection, [], given, { first, last });
  return withAnswer([], recorded, orderKeyOf(connection));
}

function inLife(epoch: number, file: number, offset = 400): string {
  return formatPosition({ epoch, file, offset, row: 0 });
}

const record = (epoch: number, file: number) => ({
  key: `${inLife(epoch, file)}/${inLife(epoch, file, 900)}`,
});

describe("a person's answer for parked changes of several lives", () => {
  const records = [record(11, 3), record(10, 17), record(10, 18)];

  test("is about one life of a thread id that names no connection", () => {
    expect(answerable(foreign, records, null)).toEqual([record(10, 17), record(10, 18)]);
    expect(answerable(foreign, records, inLife(11, 1))).toEqual([record(11, 3)]);
    expect(answerable(foreign, records, inLife(12, 1))).toEqual([]);
    const entries = answeredFor(foreign, inLife(10, 17), inLife(10, 18, 900));
    const user = (epoch: number, file: number) =>
      authorAt(entries, inLife(epoch, file), orderKeyOf(foreign))?.user;
    expect([user(10, 17), user(10, 18)]).toEqual(["x", "x"]);
    expect([user(10, 19), user(11, 3), user(11, 17), user(9, 17)]).toEqual(
      Array.from({ length: 4 }, () => undefined),
    );
  });

  test("is about all lives that read the connection's run, in the order of the run", () => {
    expect(answerable(own, records, null)).toEqual([record(11, 3), record(10, 17), record(10, 18)]);
    const entries = answeredFor(own, inLife(11, 3), inLife(10, 18, 900));
    for (const [epoch, file] of [
      [11, 3],
      [10, 17],
      [10, 18],
    ] as const)
      expect(authorAt(entries, inLife(epoch, file), orderKeyOf(own))?.user).toBe("x");
  });
});
