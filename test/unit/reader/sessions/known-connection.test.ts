import { describe, expect, test } from "vitest";
import { KnownConnection, type Sighting } from "../../../../reader/sessions/known-connection.ts";
import { formatPosition } from "../../../../wire/position.ts";
import type { Attribution, Author } from "../../../../wire/session.ts";

function author(user: string, attribution: Attribution = "sweep"): Author {
  return { user, host: "here", attribution };
}

/** A look at the process list while the binlog ends at `position`. */
function at(position: string): Sighting {
  return { earliest: position, latest: position };
}

/** The user to whom the connection attributes a position; null when unknown. */
function asked(connection: KnownConnection, position: string): string | null {
  return connection.authorOf(position)?.user ?? null;
}

describe("a connection that the process list showed", () => {
  test("belongs to that account from its beginning", () => {
    const connection = new KnownConnection();
    connection.sight(author("a"), at("p100"));
    expect(asked(connection, "p050")).toBe("a");
    expect(asked(connection, "p500")).toBe("a");
  });

  test("has no author between the last sighting of one account and the first of another", () => {
    const connection = new KnownConnection();
    connection.sight(author("a"), at("p100"));
    connection.sight(author("a"), at("p200"));
    connection.sight(author("b"), at("p300"));
    expect(asked(connection, "p150")).toBe("a");
    expect(asked(connection, "p250")).toBeNull();
    expect(asked(connection, "p350")).toBe("b");
    expect(connection.silentChanges).toBe(1);
  });

  test("has no author after it changed its account twice", () => {
    const connection = new KnownConnection();
    connection.sight(author("a"), at("p100"));
    connection.sight(author("b"), at("p200"));
    expect(asked(connection, "p210")).toBe("b");
    connection.sight(author("a"), at("p300"));
    expect(asked(connection, "p310")).toBeNull();
    expect(asked(connection, "p400")).toBeNull();
    connection.register(author("a", "ledger"), "p410");
    expect(asked(connection, "p500")).toBe("a");
  });

  test("has no author between two accounts, even if a lane asks for a later change first", () => {
    const connection = new KnownConnection();
    connection.sight(author("a"), at("p100"));
    connection.sight(author("b"), at("p300"));
    expect(asked(connection, "p400")).toBe("b");
    expect(asked(connection, "p300")).toBe("b");
    expect(asked(connection, "p250")).toBeNull();
    expect(asked(connection, "p150")).toBeNull();
    expect(asked(connection, "p050")).toBe("a");
    expect(connection.authorOf("p350")?.user).toBe("b");
  });

  test("begins with its account where it was seen, whichever lane asks first", () => {
    const connection = new KnownConnection();
    connection.sight(author("a"), at("p100"));
    connection.sight(author("b"), at("p200"));
    expect(asked(connection, "p900")).toBe("b");
    expect(asked(connection, "p300")).toBe("b");
    expect(asked(connection, "p050")).toBe("a");
    expect(connection.entries.map(({ from, user }) => [from, user])).toEqual([
      ["", "a"],
      ["p100", ""],
      ["p200", "b"],
    ]);
  });
});

describe("a connection in the ledger", () => {
  test("belongs to each account from its row to the next row", () => {
    const connection = new KnownConnection();
    connection.register(author("a", "ledger"), "p1");
    connection.register(author("b", "ledger"), "p3");
    expect(asked(connection, "p0")).toBeNull();
    expect(asked(connection, "p2")).toBe("a");
    expect(asked(connection, "p3")).toBe("b");
  });

  test("keeps the ledger's account while the process list, which is ahead of the reader, shows another", () => {
    const connection = new KnownConnection();
    connection.register(author("a", "ledger"), "p100");
    connection.sight(author("b"), at("p900"));
    expect(asked(connection, "p200")).toBe("a");
    connection.register(author("b", "ledger"), "p300");
    expect(asked(connection, "p950")).toBe("b");
    expect(connection.silentChanges).toBe(0);
  });

  test("has the account of the process list after a silent change, which is counted", () => {
    const connection = new KnownConnection();
    connection.register(author("a", "ledger"), "p100");
    connection.sight(author("b"), at("p200"));
    expect(asked(connection, "p300")).toBe("b");
    expect(connection.silentChanges).toBe(1);
  });

  test("does not grow when the same account registers repeatedly", () => {
    const connection = new KnownConnection();
    for (let i = 0; i < 100; i++) connection.register(author("a", "ledger"), `p${i}`);
    expect(connection.entries).toHaveLength(1);
  });

  test("keeps all users after the position up to which everything was sent, and few of those before it", () => {
    const connection = new KnownConnection();
    for (let i = 10; i < 100; i++) connection.register(author(`u${i}`, "ledger"), `p${i}`);
    expect(asked(connection, "p10")).toBe("u10");
    connection.forgetFormer("p90");
    expect(connection.entries.length).toBeLessThanOrEqual(14);
    for (let i = 89; i < 100; i++) expect(asked(connection, `p${i}`)).toBe(`u${i}`);
    expect(asked(connection, "p10")).toBeNull(); // forgotten, not guessed
  });

  test("stays the same when a part of the binlog is read again", () => {
    const connection = new KnownConnection();
    connection.restore([
      { ...author("a", "ledger"), from: "p1" },
      { ...author("b", "ledger"), from: "p5" },
    ]);
    connection.register(author("a", "ledger"), "p1");
    expect(asked(connection, "p3")).toBe("a");
    expect(asked(connection, "p6")).toBe("b");
    connection.register(author("b", "ledger"), "p5");
    expect(connection.entries).toHaveLength(2);
    expect(connection.revision).toBe(0);
  });

  test("keeps the ledger's account when the process list's answer is older than the ledger's row", () => {
    const connection = new KnownConnection();
    connection.register(author("a", "ledger"), "p100");
    connection.register(author("b", "ledger"), "p300");
    connection.sight(author("a"), { earliest: "p200", latest: "p310" });
    expect(asked(connection, "p400")).toBe("b");
    expect(connection.silentChanges).toBe(0);
  });

  // The row of an XA transaction has the position of its prepare, and is read at its commit.
  test("keeps its latest account when an XA transaction commits with an earlier row", () => {
    const connection = new KnownConnection();
    connection.register(author("b", "ledger"), "p300");
    connection.register(author("a", "ledger"), "p100");
    connection.sight(author("a"), { earliest: "p200", latest: "p350" });
    expect(asked(connection, "p400")).toBe("b");
    expect(asked(connection, "p200")).toBe("a");
    expect(connection.silentChanges).toBe(0);
  });

  test("has the account of the process list although an XA transaction commits with an earlier row", () => {
    const connection = new KnownConnection();
    connection.register(author("a", "ledger"), "p100");
    connection.sight(author("b"), at("p300"));
    connection.register(author("c", "ledger"), "p200");
    expect(asked(connection, "p250")).toBe("c");
    expect(asked(connection, "p350")).toBe("b");
    expect(connection.silentChanges).toBe(1);
    connection.register(author("c", "ledger"), "p210");
    connection.sight(author("d"), at("p400"));
    expect(asked(connection, "p450")).toBeNull();
  });
});

function inEpoch(epoch: number, offset: number): string {
  return formatPosition({ epoch, file: 3, offset, row: 0 });
}

describe("a connection whose run is read again in a later life", () => {
  const recorded = [
    { ...author("a", "ledger"), from: inEpoch(5, 10) },
    { ...author("b", "ledger"), from: inEpoch(5, 50) },
  ];

  test("belongs to the account that it had at the position, not to the latest one", () => {
    const connection = new KnownConnection();
    connection.restore(recorded);
    expect(asked(connection, inEpoch(6, 5))).toBeNull();
    expect(asked(connection, inEpoch(6, 20))).toBe("a");
    expect(asked(connection, inEpoch(6, 60))).toBe("b");
    connection.register(author("b", "ledger"), inEpoch(6, 50));
    expect(connection.entries).toEqual(recorded);
  });

  // The sighting was made behind everything that the former life read.
  test("keeps its present account when an earlier one is registered again", () => {
    const connection = new KnownConnection();
    connection.restore(recorded);
    connection.sight(author("a"), at(inEpoch(6, 80)));
    connection.register(author("a", "ledger"), inEpoch(6, 10));
    expect(asked(connection, inEpoch(6, 90))).toBe("a");
    expect(connection.silentChanges).toBe(1);
  });

  test("keeps recorded accounts in order with those that are registered again", () => {
    const connection = new KnownConnection();
    connection.register(author("b", "ledger"), inEpoch(6, 50));
    connection.restore(recorded);
    expect(connection.entries.map(({ from }) => from)).toEqual([inEpoch(5, 10), inEpoch(6, 50)]);
    connection.register(author("c", "ledger"), inEpoch(6, 30));
    expect([20, 40, 60].map((offset) => asked(connection, inEpoch(6, offset)))).toEqual([
      "a",
      "c",
      "b",
    ]);
  });
});
