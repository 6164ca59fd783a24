import { expect, test, vi } from "vitest";
import { binlogEvidence } from "../../../reader/offsets/binlog-evidence.ts";
import type { BinlogEvidence } from "../../../reader/offsets/evidence.ts";
import { idsOf, range, useNumberedOrders } from "../../support/numbered-orders.ts";
import { binlogRouterOn, stackFileOf, tablesOf } from "../../support/operator.ts";
import { ReaderBench } from "../../support/reader.ts";

// Before a dump behind GTIDs, the reader searches files for transactions without a GTID.

const orders = useNumberedOrders();
const { mysql, insert } = orders;

const ROW = 900_000;

/** Logs an event that is larger than `max_allowed_packet`, with the images before and after. */
async function logLargeEvent(): Promise<void> {
  await mysql.query("SET GLOBAL max_allowed_packet = 1048576");
  await mysql.query("CREATE TABLE IF NOT EXISTS shop.large (id INT PRIMARY KEY, a LONGTEXT)");
  await mysql.query("REPLACE INTO shop.large VALUES (1, REPEAT('a', ?))", [ROW]);
  await mysql.query("UPDATE shop.large SET a = REPEAT('b', ?)", [ROW]);
}

async function lastFile(): Promise<string> {
  const files = await mysql.query<{ Log_name: string }>("SHOW BINARY LOGS");
  return files.at(-1)?.Log_name ?? "";
}

async function evidenceOf(signal: AbortSignal): Promise<BinlogEvidence> {
  const { host, port, user, password } = mysql.server;
  const [{ uuid } = { uuid: "" }] = await mysql.query<{ uuid: string }>(
    "SELECT @@server_uuid AS uuid",
  );
  const asked = { serverId: 4711, serverUuid: uuid, silenceMs: 60_000, signal };
  const connection = { host, port, user, password };
  return binlogEvidence({ ...asked, connection }, await mysql.connect());
}

test("an ordered start behind GTIDs searches a file with an event beyond max_allowed_packet", async () => {
  await using bench = await ReaderBench.create(orders.aws, mysql.server, { TABLES: "shop.orders" });
  const reader = await bench.start();
  await insert(1, 3);
  expect(idsOf(await bench.takeFrames(3))).toEqual(range(1, 3));
  await reader.stop();
  await logLargeEvent();
  const file = await lastFile();
  await mysql.query("FLUSH BINARY LOGS");
  const [{ executed } = { executed: "" }] = await mysql.query<{ executed: string }>(
    "SELECT REPLACE(@@global.gtid_executed, '\n', '') AS executed",
  );
  await insert(4, 6);
  const stack = stackFileOf(orders.aws, tablesOf(bench));
  expect(await binlogRouterOn(stack, "offsets", "set", "--gtid", executed, "--yes")).toMatchObject({
    code: 0,
  });
  const next = await bench.start();
  expect(idsOf(await bench.takeFrames(3))).toEqual(range(4, 6));
  expect(await next.logged("searching the binlog for transactions without a GTID")).toMatchObject({
    file,
  });
  await next.stop();
});

test("transactions with and without a GTID are told apart in one file, also before a large event", async () => {
  const evidence = await evidenceOf(new AbortController().signal);
  await mysql.query("SET GLOBAL gtid_mode = ON_PERMISSIVE");
  const file = await lastFile();
  const connection = await mysql.connect();
  const write = async (gtidNext: string, id: number): Promise<number> => {
    const [{ File_size: size } = { File_size: 0 }] = (
      await mysql.query<{ Log_name: string; File_size: number }>("SHOW BINARY LOGS")
    ).filter(({ Log_name: name }) => name === file);
    await connection.query(`SET gtid_next = '${gtidNext}'`);
    await connection.query("INSERT INTO shop.orders VALUES (?)", [id]);
    return size;
  };
  const first = await write("AUTOMATIC", 1);
  const without = await write("ANONYMOUS", 2);
  const last = await write("AUTOMATIC", 3);
  await mysql.query("SET GLOBAL gtid_mode = ON");
  const large = await lastFile();
  await logLargeEvent();

  expect(await evidence.lastGtidIn(file)).toBe(last);
  expect(await evidence.hasAnonymous(file, first)).toBe(true);
  expect(await evidence.hasAnonymous(file, without)).toBe(true);
  expect(await evidence.hasAnonymous(file, last)).toBe(false);

  // Behind a transaction without a GTID, what follows a large event may be missed.
  await mysql.query("SET GLOBAL gtid_mode = ON_PERMISSIVE");
  expect(await evidence.hasAnonymous(large, 4)).toBe(false);
  const both = await lastFile();
  await connection.query("SET gtid_next = 'AUTOMATIC'");
  await connection.query("INSERT INTO shop.orders VALUES (4)");
  await connection.query("SET gtid_next = 'ANONYMOUS'");
  await connection.query("INSERT INTO shop.orders VALUES (5)");
  await logLargeEvent();
  await mysql.query("SET GLOBAL gtid_mode = ON");
  const found = (await evidence.lastGtidIn(both)) ?? 0;
  expect(found).toBeGreaterThan(4);
  expect(await evidence.hasAnonymous(both, found)).toBe(true);
});

test("a search ends with its signal, and leaves no dump behind", async () => {
  const control = new AbortController();
  const evidence = await evidenceOf(control.signal);
  const dumps = async (): Promise<unknown[]> =>
    mysql.query("SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'");
  const [{ next } = { next: "" }] = await mysql.query<{ next: string }>(
    "SELECT CONCAT(@@server_uuid, ':999999') AS next",
  );
  // The server waits for this transaction.
  const search = evidence.find(next);
  search.catch(() => undefined);
  await vi.waitFor(async () => expect(await dumps()).toHaveLength(1), { timeout: 10_000 });
  control.abort();
  await expect(search).rejects.toThrow(control.signal.reason);
  await vi.waitFor(async () => expect(await dumps()).toHaveLength(0), { timeout: 10_000 });
  await expect(evidence.hasAnonymous(await lastFile(), 4)).rejects.toThrow(control.signal.reason);
});
