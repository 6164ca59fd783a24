import { describe, expect, test } from "vitest";
import { KnownConnection, type Sighting } from "../../../../reader/sessions/known-connection.ts";
import type { Attribution, Author } from "../../../../wire/session.ts";

function author(user: string, attribution: Attribution = "sweep"): Author {
  return { user, host: "here", attribution };
}

function at(us: number): Sighting {
  return { earliestUs: us, latestUs: us };
}

/** Who wrote at a place and a moment, by name. */
function asked(connection: KnownConnection, position: string, committedUs: number): string | null {
  return connection.authorOf(position, committedUs)?.user ?? null;
}

describe("a connection that the process list showed", () => {
  test("is that account's from its beginning", () => {
    const connection = new KnownConnection();
    connection.sight(author("a"), at(100));
    expect(asked(connection, "p1", 50)).toBe("a");
    expect(asked(connection, "p2", 500)).toBe("a");
  });

  test("has no author between the last sighting of one account and the first of another", () => {
    const connection = new KnownConnection();
    connection.sight(author("a"), at(100));
    connection.sight(author("a"), at(200));
    connection.sight(author("b"), at(300));
    expect(asked(connection, "p1", 150)).toBe("a");
    expect(asked(connection, "p2", 250)).toBeNull();
    expect(asked(connection, "p3", 350)).toBe("b");
    expect(connection.silentChanges).toBe(1);
  });

  test("has no author after it changed its account twice", () => {
    const connection = new KnownConnection();
    connection.sight(author("a"), at(100));
    connection.sight(author("b"), at(200));
    expect(asked(connection, "p1", 210)).toBe("b");
    connection.sight(author("a"), at(300));
    expect(asked(connection, "p2", 310)).toBeNull();
    expect(asked(connection, "p3", 400)).toBeNull();
    connection.register(author("a", "ledger"), "p4", 10);
    expect(asked(connection, "p5", 500)).toBe("a");
  });

  test("begins with its account where the first change is, whichever lane asks first", () => {
    const connection = new KnownConnection();
    connection.sight(author("a"), at(100));
    connection.sight(author("b"), at(200));
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
    connection.register(author("a", "ledger"), "p1", 10);
    connection.register(author("b", "ledger"), "p3", 10);
    expect(asked(connection, "p0", 1)).toBeNull();
    expect(asked(connection, "p2", 2)).toBe("a");
    expect(asked(connection, "p3", 3)).toBe("b");
  });

  test("stays the ledger's while the process list, which is ahead of the reader, shows another", () => {
    const connection = new KnownConnection();
    connection.register(author("a", "ledger"), "p1", 10);
    connection.sight(author("b"), at(900));
    expect(asked(connection, "p2", 200)).toBe("a");
    connection.register(author("b", "ledger"), "p3", 10);
    expect(asked(connection, "p4", 950)).toBe("b");
    expect(connection.silentChanges).toBe(0);
  });

  test("changes its account without a row: from the sighting on it is the other's, and that is counted", () => {
    const connection = new KnownConnection();
    connection.register(author("a", "ledger"), "p1", 10);
    connection.sight(author("b"), at(200));
    expect(asked(connection, "p2", 300)).toBe("b");
    expect(connection.silentChanges).toBe(1);
  });

  test("does not grow when the same account registers again and again", () => {
    const connection = new KnownConnection();
    for (let i = 0; i < 100; i++) connection.register(author("a", "ledger"), `p${i}`, 10);
    expect(connection.entries).toHaveLength(1);
  });

  test("keeps all its users up to the place where everything was sent, and few of those before", () => {
    const connection = new KnownConnection();
    for (let i = 10; i < 100; i++) connection.register(author(`u${i}`, "ledger"), `p${i}`, i);
    expect(asked(connection, "p10", 1)).toBe("u10");
    connection.forgetFormer("p90");
    expect(connection.entries.length).toBeLessThanOrEqual(14);
    for (let i = 89; i < 100; i++) expect(asked(connection, `p${i}`, 1)).toBe(`u${i}`);
    expect(asked(connection, "p10", 1)).toBeNull(); // forgotten, not guessed
  });

  test("does not mind a part of the binlog that is read again", () => {
    const connection = new KnownConnection();
    connection.restore([
      { ...author("a", "ledger"), from: "p1" },
      { ...author("b", "ledger"), from: "p5" },
    ]);
    connection.register(author("a", "ledger"), "p1", 10);
    expect(asked(connection, "p3", 1)).toBe("a");
    expect(asked(connection, "p6", 1)).toBe("b");
    connection.register(author("b", "ledger"), "p5", 50);
    expect(connection.entries).toHaveLength(2);
    expect(connection.revision).toBe(0);
  });

  test("stays the ledger's when the process list's answer is older than the ledger's row", () => {
    const connection = new KnownConnection();
    connection.register(author("a", "ledger"), "p1", 100);
    connection.register(author("b", "ledger"), "p3", 300);
    connection.sight(author("a"), { earliestUs: 200, latestUs: 310 });
    expect(asked(connection, "p4", 400)).toBe("b");
    expect(connection.silentChanges).toBe(0);
  });
});
