import { describe, expect, test } from "vitest";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { subFrame } from "../../../../functions/frame/sub-frame.ts";
import {
  attribute,
  connectionOf,
  unnamedConnections,
} from "../../../../functions/sessions/attribute.ts";
import { withAnswer } from "../../../../operator/commands/failures/attribute.ts";
import { connectionName, type SessionEntry } from "../../../../wire/session.ts";
import { SERVER, SOURCE, TestLane } from "../../../support/functions/frames.ts";

const lane = new TestLane();
const frame = readFrame(
  lane.frame([
    { user: "app_prod", thread: 1 },
    { user: null, thread: 2 },
    { user: null, thread: 2 },
    { user: null, thread: 3 },
  ]),
  SOURCE,
);
const THREAD_2 = `${SERVER}/1/2`;
const THREAD_3 = `${SERVER}/1/3`;
const session = (user: string, from = ""): SessionEntry => ({
  from,
  user,
  host: "h",
  attribution: "sweep",
});
const told = (entries: readonly SessionEntry[], parkedUpTo: string | null = null) =>
  new Map([[THREAD_2, { entries, parkedUpTo }]]);
const positions = (...numbers: number[]) => numbers.map((n) => lane.position(n));

describe("the author of a change", () => {
  test("is looked up only where the frame does not name it", () => {
    expect([...unnamedConnections(frame, frame.changes).keys()]).toEqual([THREAD_2, THREAD_3]);
  });

  test("is whom the frame names, or the sessions table; else the change is an orphan", () => {
    const { authored, orphans } = attribute(frame, frame.changes, told([session("app_test")]));
    expect(authored.map(({ author }) => author.user)).toEqual(["app_prod", "app_test", "app_test"]);
    expect([...orphans].map(([name, changes]) => [name, changes.length])).toEqual([[THREAD_3, 1]]);
  });

  test("is not guessed for changes before the session is known to have begun", () => {
    const { orphans } = attribute(frame, frame.changes, told([session("x", lane.position(3))]));
    expect(orphans.get(THREAD_2)?.map(({ position }) => position)).toEqual(positions(2));
  });

  test("does not matter any more for a change that is parked already", () => {
    const knowledge = told([session("app_test")], lane.position(2));
    const { authored, orphans } = attribute(frame, frame.changes, knowledge);
    expect(orphans.get(THREAD_2)?.map(({ position }) => position)).toEqual(positions(2));
    expect(authored.map(({ change }) => change.position)).toEqual(positions(1, 3));
  });

  test("stays open in a frame of orphans, which says the same of its changes", () => {
    const orphans = frame.changes.slice(1, 3);
    const part = readFrame(subFrame(frame, orphans), SOURCE);
    expect(part.changes.map(({ position }) => position)).toEqual(positions(2, 3));
    expect(part.transactions).toHaveLength(2);
    expect(part.transactions.every(({ author }) => author === null)).toBe(true);
    expect(part.changes.map((change) => connectionName(connectionOf(part, change)))).toEqual([
      THREAD_2,
      THREAD_2,
    ]);
  });

  test("is what an operator answers, from a position on, beside what was known", () => {
    const known = [session("a", "5")];
    const answer = { user: "b", host: "h", from: "" };
    expect(withAnswer(known, answer).map(({ user, attribution }) => [user, attribution])).toEqual([
      ["b", "operator"],
      ["a", "sweep"],
    ]);
    expect(withAnswer(known, { ...answer, from: "5" }).map(({ user }) => user)).toEqual(["b"]);
  });
});
