import type { Connection } from "mysql2/promise";
import { afterEach, beforeEach, expect, test } from "vitest";
import { installLedger, uninstallLedger } from "../../../operator/ledger/install-ledger.ts";
import { nextCensus } from "../../support/censuses.ts";
import { type Account, useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { type Split, splitOf } from "../../support/short-connections.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

const CONNECTIONS = 20;
const CHANGES = 4000;

const mysql = useMysql();
const shared = useThreeEnvironments(mysql);

beforeEach(async () => installLedger(await mysql.connect()));
afterEach(async () => uninstallLedger(await mysql.connect()));

const COUNTED = "a connection changed its user while it was open (COM_CHANGE_USER)";

/**
 * Writes through a pool that changes the user of its connections before each insert. `tell` reports
 * each change of user.
 */
async function changeUsers(
  tell: (connection: Connection) => Promise<unknown>,
): Promise<Split & { readonly counted: number }> {
  await using bench = await ReaderBench.create(shared.aws, mysql.server, { SWEEP_SECONDS: "1" });
  const reader = await bench.start();
  const { accounts } = shared;
  let next = 0;
  const work = async (): Promise<void> => {
    const connection = await mysql.connect(accounts[0]);
    for (let id = next++; id < CHANGES; id = next++) {
      const { user, password } = accounts[id % accounts.length] as Account;
      await connection.changeUser({ user, password });
      await tell(connection);
      await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [id, user]);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  const split = splitOf(await bench.takeFrames(CHANGES));
  return { ...split, counted: reader.log.filter(({ msg }) => msg === COUNTED).length };
}

test("every author is right when each change of user calls the ledger's procedure", async () => {
  const { counted, ...split } = await changeUsers((connection) =>
    connection.query("CALL binlog_router.register_session()"),
  );
  console.info(`${CHANGES} changes of user on ${CONNECTIONS} connections, with the call:`, split);
  expect(split).toEqual({
    right: CHANGES,
    wrong: 0,
    unknown: 0,
    attributions: { ledger: CHANGES },
  });
  expect(counted).toBe(0);
});

test("after a silent change of user the ledger's author is kept until the process list shows another, as doctor warns", async () => {
  const { counted, ...split } = await changeUsers(() => Promise.resolve());
  console.info(
    `${CHANGES} changes of user on ${CONNECTIONS} connections, without the call: ${counted} counted,`,
    split,
  );
  // The binlog does not distinguish the users; the documentation warns of this.
  expect(split.right + split.wrong + split.unknown).toBe(CHANGES);
  expect(split.wrong).toBeGreaterThan(0);
  expect(counted).toBeGreaterThan(0);
});

test("without the ledger the first change of user is attributed once it was seen, and after the second the author is unknown", async () => {
  await using bench = await ReaderBench.create(shared.aws, mysql.server, { SWEEP_SECONDS: "1" });
  const reader = await bench.start();
  const [production, staging, other] = shared.accounts;
  const connection = await mysql.connect(production);
  let id = 0;
  const authorOfNext = async (): Promise<string> => {
    await connection.query("INSERT INTO shop.orders VALUES (?, '')", [++id]);
    const [frame] = await bench.takeFrames(1);
    const author = frame?.authors[frame.transactions[0]?.author ?? -1];
    return author === undefined ? "unknown" : `${author.user} by ${author.attribution}`;
  };
  expect(await authorOfNext()).toBe("app_production by ledger");
  await connection.changeUser(staging);
  expect(await authorOfNext()).toBe("app_production by ledger"); // the reader has not seen the change of user yet
  await nextCensus(mysql);
  expect(await authorOfNext()).toBe("app_staging by sweep");
  await reader.logged(COUNTED, 1);
  await connection.changeUser(other);
  await nextCensus(mysql);
  expect(await authorOfNext()).toBe("unknown");
  await reader.logged(COUNTED, 2);
  await connection.query("CALL binlog_router.register_session()");
  expect(await authorOfNext()).toBe("app_test by ledger");
});
