import { describe, expect, test } from "vitest";
import { KnownConnection } from "../../../../reader/sessions/known-connection.ts";
import type { Attribution, Author } from "../../../../wire/session.ts";

function author(user: string, attribution: Attribution = "sweep"): Author {
  return { user, host: "here", attribution };
}

/** Who wrote at a place and a moment, by name. */
function asked(connection: KnownConnection, position: string, committedUs: number): string | null {
  return connection.authorOf(position, committedUs)?.user ?? null;
}

describe("a connection that the process list showed", () => {
  test("is that account's from its beginning", () => {
    const connection = new KnownConnection();
    connection.sight(author("a"), 100);
    expect(asked(connection, "p1", 50)).toBe("a");
    expect(asked(connection, "p2", 500)).toBe("a");
  });

  test("is nobody's between the last sighting of one account and the first of another", () => {
    const connection = new KnownConnection();
    connection.sight(author("a"), 100);
    connection.sight(author("a"), 200);
    connection.sight(author("b"), 300);
    expect(asked(connection, "p1", 150)).toBe("a");
    expect(asked(connection, "p2", 250)).toBeNull();
    expect(asked(connection, "p3", 350)).toBe("b");
    expect(connection.silentChanges).toBe(1);
  });

  test("is taken at nobody's word after it changed its account twice", () => {
    const connection = new KnownConnection();
    connection.sight(author("a"), 100);
    connection.sight(author("b"), 200);
    expect(asked(connection, "p1", 210)).toBe("b");
    connection.sight(author("a"), 300);
    expect(asked(connection, "p2", 310)).toBeNull();
    expect(asked(connection, "p3", 400)).toBeNull();
    connection.register(author("a", "ledger"), "p4");
    expect(asked(connection, "p5", 500)).toBe("a");
  });

  test("begins with its account where the first change is, whichever lane asks first", () => {
    const connection = new KnownConnection();
    connection.sight(author("a"), 100);
    connection.sight(author("b"), 200);
    expect(asked(connection, "p9", 900)).toBe("b");
    expect(asked(connection, "p3", 300)).toBe("b");
    expect(asked(connection, "p1", 50)).toBe("a");
    expect(connection.entries.map(({ from, user }) => [from, user])).toEqual([
      ["", "a"],
      ["p3", "b"],
    ]);
  });
});

describe("a connection in the ledger", () => {
  test("is each account's from its row to the next row", () => {
    const connection = new KnownConnection();
    connection.register(author("a", "ledger"), "p1");
    connection.register(author("b", "ledger"), "p3");
    expect(asked(connection, "p0", 1)).toBeNull();
    expect(asked(connection, "p2", 2)).toBe("a");
    expect(asked(connection, "p3", 3)).toBe("b");
  });

  test("stays the ledger's while the process list, which is ahead of the stream, shows another", () => {
    const connection = new KnownConnection();
    connection.register(author("a", "ledger"), "p1");
    connection.sight(author("b"), 900);
    expect(asked(connection, "p2", 200)).toBe("a");
    connection.register(author("b", "ledger"), "p3");
    expect(asked(connection, "p4", 950)).toBe("b");
    expect(connection.silentChanges).toBe(0);
  });

  test("changes its account without a row: from the sighting on it is the other's, and that is counted", () => {
    const connection = new KnownConnection();
    connection.register(author("a", "ledger"), "p1");
    connection.sight(author("b"), 200);
    expect(asked(connection, "p2", 300)).toBe("b");
    expect(connection.silentChanges).toBe(1);
  });

  test("does not grow when the same account registers again and again", () => {
    const connection = new KnownConnection();
    for (let i = 0; i < 100; i++) connection.register(author("a", "ledger"), `p${i}`);
    expect(connection.entries).toHaveLength(1);
    for (let i = 0; i < 100; i++) connection.register(author(`u${i}`, "ledger"), `q${i}`);
    expect(connection.entries.length).toBeLessThanOrEqual(4);
    expect(asked(connection, "q99x", 1)).toBe("u99");
    expect(asked(connection, "p0", 1)).toBeNull(); // forgotten, not guessed
  });
});
