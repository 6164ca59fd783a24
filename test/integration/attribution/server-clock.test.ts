import type { Connection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeRouting, type RoutingInput } from "../../../config/routing.ts";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import type { Registration } from "../../../operator/ledger/tagging.ts";
import { binlogEnd } from "../../../reader/source/server-state.ts";
import type { Frame } from "../../../wire/frame.ts";
import { nextCensus } from "../../support/censuses.ts";
import { SOURCE } from "../../support/functions/frames.ts";
import { Stage } from "../../support/functions/stage.ts";
import { type Account, useMysql } from "../../support/mysql.ts";
import { binlogRouterOn, stackFileOf } from "../../support/operator.ts";
import { ReaderBench } from "../../support/reader.ts";
import { ServerClock } from "../../support/server-clock.ts";
import { insertBriefly, type Split, splitOf } from "../../support/short-connections.ts";

// The server's clock is an hour ahead in its former run. In the present run it is right at first,
// then an hour ahead, then an hour behind. Each row contains the expected account.

/**
 * How connections register. Without a registration the process list decides, whose answers have a
 * time; the others run at night.
 */
const REGISTRATIONS: readonly (Registration | "none")[] =
  process.env["ALL_REGISTRATIONS"] === "1" ? ["none", "ledger", "ledger-and-tags"] : ["none"];
const BRIEF = 20;
/** Connections of the former run that write while the reader runs, and as many after its end. */
const FORMER = 8;
const TIMEOUT_MS = 600_000;
const USERS = ["app_production", "app_staging", "app_test"] as const;
const ROUTING = {
  environments: {
    production: { users: ["app_production"] },
    staging: { users: ["app_staging"] },
    test: { users: ["app_test"] },
  },
  subscribers: { billing: { tables: ["shop.*"] } },
} satisfies RoutingInput;
const PARTS = {
  SOURCE_NAME: SOURCE,
  OFFSETS_TABLE: "offsets",
  SESSIONS_TABLE: "sessions",
  PAYLOAD_BUCKET: "payloads",
};

interface Session {
  account: Account;
  readonly connection: Connection;
}

const clock = new ServerClock();
afterAll(() => clock[Symbol.dispose]());

describe.skipIf(!clock.isMovable).each(REGISTRATIONS)("registration: %s", (registration) => {
  beforeAll(() => clock.set(1)); // before the server starts
  const mysql = useMysql({ environment: clock.environment });
  let accounts: Account[] = [];
  beforeAll(async () => {
    await mysql.query("CREATE DATABASE shop");
    await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(100))");
    accounts = await Promise.all(USERS.map((user) => mysql.createAccount(user, ["ALL ON shop.*"])));
  });

  /** The next account in turn. */
  function after(account?: Account): Account {
    const next = accounts[(accounts.findIndex((one) => one === account) + 1) % accounts.length];
    if (next === undefined) throw new Error("the accounts are made before the first test");
    return next;
  }

  /** These servers ignore what SET PERSIST stored, so the variable is given again. */
  async function restart(): Promise<void> {
    const [row] = await mysql.query<{ value: string }>("SELECT @@GLOBAL.init_connect AS value");
    await mysql.server.restart({ variables: { init_connect: row?.value ?? "" } });
  }

  async function connectInTurn(count: number): Promise<Session[]> {
    const sessions: Session[] = [];
    while (sessions.length < count) {
      const account = after(sessions.at(-1)?.account);
      sessions.push({ account, connection: await mysql.connect(account) });
    }
    return sessions;
  }

  /** Opens connections with the thread ids of a former run, each with another account. */
  async function takeThreads(former: readonly Session[]): Promise<Session[]> {
    const owners = new Map(
      former.map(({ account, connection }) => [connection.threadId, account] as const),
    );
    const sessions: Session[] = [];
    let { threadId: last } = await mysql.connect();
    while (last < Math.max(...owners.keys())) {
      const account = after(owners.get(last + 1));
      const connection = await mysql.connect(account);
      sessions.push({ account, connection });
      last = connection.threadId;
    }
    const present = new Map(
      sessions.map(({ account, connection }) => [connection.threadId, account] as const),
    );
    for (const [thread, { user }] of owners) {
      expect(USERS).toContain(present.get(thread)?.user);
      expect(present.get(thread)?.user).not.toBe(user);
    }
    return sessions;
  }

  /** Gives each connection another user; the reader sees both users in the process list. */
  async function changeUsers(sessions: readonly Session[], isRegistering: boolean): Promise<void> {
    await nextCensus(mysql);
    for (const session of sessions) {
      session.account = after(session.account);
      await session.connection.changeUser(session.account);
      if (isRegistering) await session.connection.query("CALL binlog_router.register_session()");
    }
    await nextCensus(mysql);
  }

  /** Writes in two runs of the server, of which the reader sees the first only in part. */
  async function write(bench: ReaderBench, isRegistering: boolean): Promise<Frame[]> {
    const frames: Frame[] = [];
    let [written, taken] = [0, 0];
    const briefly = async (): Promise<void> => {
      const firstId = written + 1;
      written += BRIEF;
      await insertBriefly(mysql.server, accounts, { count: BRIEF, firstId, atOnce: 8 });
    };
    const fromEach = async (sessions: readonly Session[]): Promise<void> => {
      for (const { account, connection } of sessions)
        await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [++written, account.user]);
    };
    const take = async (): Promise<void> => {
      frames.push(...(await bench.takeFrames(written - taken)));
      taken = written;
    };

    const reader = await bench.start();
    const seen = await connectInTurn(FORMER);
    await fromEach(seen);
    await take();
    expect(await reader.stop()).toBe(0);
    const unseen = await connectInTurn(FORMER);
    await fromEach([...seen, ...unseen]);
    await briefly();

    clock.set(0);
    await restart();
    const present = await takeThreads([...seen, ...unseen]);
    await fromEach(present);
    const next = await bench.start();
    await take();

    for (const hoursAhead of [1, -1]) {
      await clock.move(mysql, hoursAhead);
      await fromEach(present);
      await briefly();
      await take();
      if (hoursAhead === 1) await changeUsers(present, isRegistering);
    }
    expect(await next.stop()).toBe(0);
    return frames;
  }

  test(
    "no author is wrong in frames, explain and replay while the server's clock is moved",
    { timeout: TIMEOUT_MS },
    async () => {
      await using stage = await Stage.start(ROUTING);
      const begin = await binlogEnd(await mysql.connect(), mysql.server.version);
      if (registration !== "none") await installLedger(await mysql.connect(), registration);
      await using bench = await ReaderBench.create(stage.aws, mysql.server, {
        ...PARTS,
        SWEEP_SECONDS: "1",
      });
      const split = splitOf(await write(bench, registration !== "none"));
      const written = split.right + split.wrong + split.unknown;

      const stack = {
        ...stackFileOf(stage.aws),
        parts: {
          reader: bench.settings,
          route: {
            ...PARTS,
            RAW_QUEUE_URL: bench.queueUrl,
            ROUTING: encodeRouting(ROUTING),
            FAILURES_TABLE: "failures",
          },
        },
      };
      const since = `${begin.file}:${begin.offset}`;
      const explain = ["explain", "shop.orders", "--since", since, "--rows", "--limit", "5000"];
      const replay = ["replay", "--subscriber", "billing", "--environment", "staging"];
      const [explained, replayed] = await Promise.all([
        binlogRouterOn(stack, ...explain, "--json"),
        binlogRouterOn(stack, ...replay, "--from", since, "--dry-run", "--json"),
      ]);
      expect(explained).toMatchObject({ code: 0, problem: "" });
      expect(replayed.code).toBe(0);
      const told = toldSplit(explained.out);
      console.info(`the server's clock is moved, registration ${registration}:`, split, told);
      const { changes } = JSON.parse(replayed.out) as { readonly changes: number };

      expect([split.wrong, told.wrong]).toEqual([0, 0]);
      expect(told.right + told.unknown).toBe(written);
      expect(changes).toBe(told.rightOfStaging);
      if (registration === "none") {
        // Of brief connections, and of those that closed while no reader ran, no list has the user.
        // Explain does not know the reader's name of the run in which the reader began.
        expect(split.unknown).toBeLessThanOrEqual(3 * BRIEF + FORMER);
        expect(told.unknown).toBeLessThanOrEqual(3 * BRIEF + 3 * FORMER);
      } else expect([split.unknown, told.unknown]).toEqual([0, 0]);
    },
  );
});

/** How the authors in explain's output compare with the accounts in the rows. */
function toldSplit(
  output: string,
): Omit<Split, "attributions"> & { readonly rightOfStaging: number } {
  const { changes } = JSON.parse(output) as {
    readonly changes: readonly {
      readonly op: string;
      readonly author: { readonly user: string } | null;
      readonly after: { readonly note: string };
    }[];
  };
  const split = { right: 0, wrong: 0, unknown: 0, rightOfStaging: 0 };
  for (const { author, after, op } of changes) {
    if (op !== "c") continue;
    if (author === null) split.unknown++;
    else if (author.user !== after.note) split.wrong++;
    else {
      split.right++;
      if (author.user === "app_staging") split.rightOfStaging++;
    }
  }
  return split;
}
