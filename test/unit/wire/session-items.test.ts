import { describe, expect, test } from "vitest";
import { text } from "../../../wire/attributes.ts";
import {
  authorAt,
  foreignRun,
  orderKeyOf,
  taggedFrom,
  unknownFrom,
  type SessionEntry,
} from "../../../wire/session.ts";
import { encodeOperatorAnswers } from "../../../wire/operator-answers.ts";
import { formatPosition, withoutEpoch } from "../../../wire/position.ts";
import {
  entriesIn,
  sessionItem,
  sessionItemKeys,
  sessionUpdates,
} from "../../../wire/session-items.ts";

const SWEPT: SessionEntry[] = [{ from: "", user: "a", host: "h", attribution: "sweep" }];
const at = (epoch: number, file: number) => formatPosition({ epoch, file, offset: 0, row: 0 });
const connection = (thread: number, run = 3) => ({ server: "s", run, thread });

/** The items after the updates, by key. */
function itemsOf(...args: Parameters<typeof sessionUpdates>) {
  return new Map(
    Array.from(sessionUpdates(...args), ([key, update]) => {
      const names = Object.entries(update.ExpressionAttributeNames ?? {});
      const values = update.ExpressionAttributeValues ?? {};
      return [
        key,
        Object.fromEntries(
          names.map(([alias, name]) => [name, values[alias.replace("#", ":")] ?? text("")]),
        ),
      ];
    }),
  );
}

describe("the sessions table's items", () => {
  test("have the same key for neighbouring connections, and another key for another run", () => {
    expect([...sessionItemKeys([connection(0), connection(255), connection(256)])]).toEqual([
      "s/3/0",
      "s/3/1",
    ]);
    expect([...sessionItemKeys([connection(1), connection(1, 4)])]).toEqual(["s/3/0", "s/4/0"]);
  });

  test("are each written with one update", () => {
    const known = [24, 25, 300].map((thread) => ({
      connection: connection(thread),
      entries: SWEPT,
    }));
    const updates = sessionUpdates(known, 1000);
    expect([...updates.keys()]).toEqual(["s/3/0", "s/3/1"]);
    expect(updates.get("s/3/1")).toEqual({
      Key: { chunk: { S: "s/3/1" } },
      UpdateExpression: "SET #expires = :expires, #a0 = :a0",
      ExpressionAttributeNames: { "#expires": "expires", "#a0": "t300" },
      ExpressionAttributeValues: {
        ":expires": { N: "1000" },
        ":a0": { S: '[["","a","h","sweep"]]' },
      },
    });
  });

  test("say which account wrote from which position on", () => {
    const entries: SessionEntry[] = [
      ...SWEPT,
      { from: "5", user: "b", host: "h", attribution: "ledger" },
      unknownFrom("8"),
    ];
    const items = itemsOf([{ connection: connection(24), entries }], 1000);
    const read = entriesIn(items, connection(24));
    expect(read).toEqual(entries);
    expect(authorAt(read, "1", withoutEpoch)?.user).toBe("a");
    expect(authorAt(read, "5", withoutEpoch)?.user).toBe("b");
    expect(authorAt(read, "9", withoutEpoch)).toBeUndefined();
  });

  test("are read in the order of their places, though an earlier reader ordered them by epoch", () => {
    const entries: SessionEntry[] = [
      { from: at(6, 10), user: "later", host: "h", attribution: "ledger" },
      { from: at(7, 3), user: "earlier", host: "h", attribution: "ledger" },
    ];
    const items = itemsOf([{ connection: connection(24), entries }], 1000);
    const read = entriesIn(items, connection(24));
    expect(read.map(({ user }) => user)).toEqual(["earlier", "later"]);
    const orderKey = orderKeyOf(connection(24));
    expect(authorAt(read, at(7, 5), orderKey)).toMatchObject({ user: "earlier" });
    expect(authorAt(read, at(7, 11), orderKey)).toMatchObject({ user: "later" });
    // The epochs of a run of another server count.
    const foreign = connection(24, foreignRun(9));
    const others = itemsOf([{ connection: foreign, entries }], 1000);
    expect(entriesIn(others, foreign)).toEqual(entries);
  });

  test("name a connection's tagged account in a form that an earlier release does not read as an author", () => {
    const entries = [...SWEPT, taggedFrom("5", { user: "b", host: "h" })];
    const items = itemsOf([{ connection: connection(24), entries }], 1000);
    const read = entriesIn(items, connection(24));
    expect(read).toEqual(entries);
    expect(authorAt(read, "6", withoutEpoch)).toBeUndefined();
    expect(read.at(-1)).toMatchObject({ user: "", host: "" });
  });

  test("contain nothing about other connections", () => {
    const items = itemsOf([{ connection: connection(24), entries: SWEPT }], 1000);
    expect(entriesIn(items, connection(25))).toEqual([]);
    expect(entriesIn(items, connection(300))).toEqual([]);
    expect(authorAt([], "1", withoutEpoch)).toBeUndefined();
  });

  test("keep an operator's answer when the reader records its entries of the connection", () => {
    const answer = { from: "", until: "5", user: "x", host: "", isLimited: false };
    const items = itemsOf([{ connection: connection(24), entries: SWEPT }], 1000);
    const answered = new Map(
      Array.from(items, ([key, item]) => [
        key,
        { ...item, o24: text(encodeOperatorAnswers([answer])) },
      ]),
    );
    const read = entriesIn(answered, connection(24));
    expect(authorAt(read, "4", withoutEpoch)).toEqual({
      user: "x",
      host: "",
      attribution: "operator",
    });
    expect(authorAt(read, "5", withoutEpoch)?.user).toBe("a");
    expect(entriesIn(answered, connection(25))).toEqual([]);
  });

  test("keep the answers for several lives apart, where a thread id names no connection", () => {
    const foreign = connection(24, foreignRun(2));
    const answers = [
      { from: at(10, 17), until: at(10, 18), user: "x", host: "", isLimited: true },
      { from: at(11, 3), until: at(11, 4), user: "y", host: "", isLimited: true },
    ];
    const { key, answers: attribute } = sessionItem(foreign);
    const items = new Map([[key, { [attribute]: text(encodeOperatorAnswers(answers)) }]]);
    const read = entriesIn(items, foreign);
    const users = [at(10, 3), at(10, 17), at(10, 18), at(11, 3), at(11, 17)].map(
      (position) => authorAt(read, position, orderKeyOf(foreign))?.user ?? "?",
    );
    expect(users.join("")).toBe("?x?y?");
  });
});
