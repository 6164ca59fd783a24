import type { Connection } from "mysql2/promise";
import { beforeAll, beforeEach, expect, test } from "vitest";
import {
  type Proof,
  ProvenUsers,
  type ProvenUser,
} from "../../../../reader/sessions/proven-users.ts";
import { type Account, useMysql } from "../../../support/mysql.ts";

const COUNTS = "performance_schema.events_statements_summary_by_thread_by_event_name";

const WRITTEN = Number(process.env["WRITTEN"] ?? 1000);

const mysql = useMysql();
let first: Account;
let second: Account;
let users: ProvenUsers;

beforeAll(async () => {
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY)");
  first = await mysql.createAccount("first", ["ALL ON shop.*"]);
  second = await mysql.createAccount("second", ["ALL ON shop.*"]);
});
beforeEach(async () => {
  users = await begun(await mysql.connect());
});

function begun(connection: Connection): Promise<ProvenUsers> {
  return ProvenUsers.begin(connection, mysql.server.version);
}

/** The proven user of a connection whose latest tag named a user. */
async function proofOf(
  { threadId }: Connection,
  tagged: string | null = first.user,
): Promise<Proof | undefined> {
  return (await users.prove(new Map([[threadId, tagged]]))).get(threadId);
}

async function provenOf(connection: Connection): Promise<string | undefined> {
  const proof = await proofOf(connection);
  return proof === "changed" ? undefined : proof?.user;
}

async function binlogEnd(): Promise<number> {
  const [status] = await mysql.query<{ Position: number }>("SHOW BINARY LOG STATUS");
  return status?.Position ?? 0;
}

test("a reset session is attributed to its user, whichever count begins first", async () => {
  const before = await mysql.connect(first);
  users = await begun(await mysql.connect());
  const after = await mysql.connect(first);
  for (const connection of [before, after]) {
    expect(await provenOf(connection)).toBeUndefined(); // the connection was not reset: another connection wrote under its id
    await connection.reset();
    expect(await provenOf(connection)).toBe("first");
  }
});

test("after a change of user the session is attributed from the next count on", async () => {
  const connection = await mysql.connect(first);
  await connection.reset();
  expect(await provenOf(connection)).toBe("first");
  await connection.changeUser(second);
  await connection.query("INSERT INTO shop.orders VALUES ()");
  const written = await binlogEnd();
  expect(await provenOf(connection)).toBeUndefined();
  await connection.reset();
  const proven = await proofOf(connection);
  expect(proven).toMatchObject({ user: "second" });
  expect((proven as ProvenUser).since.offset).toBeGreaterThanOrEqual(written);
  await connection.changeUser(first);
  await connection.changeUser(second);
  expect(await provenOf(connection)).toBeUndefined();
});

test("counts from before the table was truncated are not used", async () => {
  const connection = await mysql.connect(first);
  await connection.changeUser(second);
  await mysql.query(`TRUNCATE TABLE ${COUNTS}`);
  await connection.reset();
  expect(await provenOf(connection)).toBeUndefined();
  expect(await provenOf(connection)).toBeUndefined();
});

test("a user whom setup_actors leaves out is not attributed to the next user", async () => {
  await mysql.query(
    "INSERT INTO performance_schema.setup_actors VALUES ('%', 'second', '%', 'NO', 'NO')",
  );
  const connection = await mysql.connect(second);
  await connection.reset();
  await connection.query("INSERT INTO shop.orders VALUES ()"); // written by second
  await connection.changeUser(first); // not counted
  await connection.reset(); // counted
  const proof = await proofOf(connection, "second");
  await mysql.query("DELETE FROM performance_schema.setup_actors WHERE user = 'second'");
  expect(proof).toBeUndefined();
});

test("no user is proven while only the instruments of resets are off", async () => {
  const connection = await mysql.connect(first);
  await connection.reset();
  const resets =
    "performance_schema.setup_instruments SET enabled = ? WHERE name LIKE 'statement/com/%'";
  await mysql.query(`UPDATE ${resets}`, ["NO"]);
  await connection.query("INSERT INTO shop.orders VALUES ()"); // written by first
  await connection.changeUser(second); // not counted
  const proof = await proofOf(connection);
  await mysql.query(`UPDATE ${resets}`, ["YES"]);
  expect(proof).toBeUndefined();
});

test("an untagged session has no author after its user has changed, until the next look", async () => {
  const connection = await mysql.connect(first);
  expect(await proofOf(connection, null)).toBeUndefined();
  await connection.changeUser(second);
  await connection.changeUser(first);
  expect(await proofOf(connection, null)).toBe("changed");
  expect(await proofOf(connection, null)).toMatchObject({ user: "first" });
});

test("no user is proven while the server does not count statements", async () => {
  const connection = await mysql.connect(first);
  await connection.reset();
  const consumer = "performance_schema.setup_consumers SET enabled = ? WHERE name = ?";
  await mysql.query(`UPDATE ${consumer}`, ["NO", "thread_instrumentation"]);
  expect(await provenOf(connection)).toBeUndefined();
  expect(await provenOf(connection)).toBeUndefined();
  await mysql.query(`UPDATE ${consumer}`, ["YES", "thread_instrumentation"]);
});

test("a thread that is not instrumented or no longer exists is not proven", async () => {
  const connection = await mysql.connect(first);
  await connection.reset();
  await mysql.query(
    "UPDATE performance_schema.threads SET instrumented = 'NO' WHERE processlist_id = ?",
    [connection.threadId],
  );
  expect(await provenOf(connection)).toBeUndefined();
  connection.destroy();
  expect(await provenOf(connection)).toBeUndefined();
});

test("a reader whose account may not read the counts proves no user, and continues", async () => {
  const account = await mysql.createAccount("blind", ["REPLICATION CLIENT ON *.*"]);
  users = await begun(await mysql.connect(account));
  expect(await provenOf(await mysql.connect(first))).toBeUndefined();
});

test("a proven user is always one that the session had", async () => {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  console.info(`seed ${seed}`);
  let state = seed;
  const chance = (): number => (state = (state * 48_271 + 11) % 2_147_483_647) / 2_147_483_647;
  const wrote: { thread: number; user: string; from: number }[] = [];
  let isOver = false;
  const work = async (): Promise<void> => {
    const connection = await mysql.connect(first);
    let user = first.user;
    while (!isOver) {
      const dice = chance();
      if (dice < 0.3) {
        const account = chance() < 0.5 ? first : second;
        await connection.changeUser(account);
        user = account.user;
      } else if (dice < 0.6) {
        await connection.reset();
      }
      const from = await binlogEnd();
      await connection.query("INSERT INTO shop.orders VALUES ()");
      wrote.push({ thread: connection.threadId, user, from });
    }
  };
  const working = Promise.all([work(), work(), work(), work()]);
  const split = { right: 0, wrong: 0, unknown: 0 };
  try {
    for (let counted = 0; counted < WRITTEN;) {
      const read = wrote.splice(0);
      const threads = new Map([...read.map(({ thread }) => thread), 0].map((id) => [id, "first"]));
      const proven = await users.prove(threads);
      counted += read.length;
      for (const { thread, user, from } of read) {
        const found = proven.get(thread);
        if (found === undefined || found === "changed" || from < found.since.offset)
          split.unknown++;
        else split[found.user === user ? "right" : "wrong"]++;
      }
    }
  } finally {
    isOver = true;
    await working;
  }
  console.info("changes under changes of user, two thirds of them without one:", split);
  expect(split.wrong).toBe(0);
  expect(split.right).toBeGreaterThan(0);
});
