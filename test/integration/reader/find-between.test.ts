import { expect, test } from "vitest";
import { binlogEvidence } from "../../../reader/offsets/binlog-evidence.ts";
import { useMysql } from "../../support/mysql.ts";

const mysql = useMysql();

test("a transaction is found by its GTID between two positions, while gtid_mode is not ON, and none behind the end", async () => {
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY)");
  const [{ uuid } = { uuid: "" }] = await mysql.query<{ uuid: string }>(
    "SELECT @@server_uuid AS uuid",
  );
  const insert = async (id: number) => {
    const begin = await end();
    await mysql.query("INSERT INTO shop.orders VALUES (?)", [id]);
    const [{ gtids } = { gtids: "" }] = await mysql.query<{ gtids: string }>(
      "SELECT @@global.gtid_executed AS gtids",
    );
    return { begin, gtid: `${uuid}:${gtids.split("-").at(-1)}` };
  };
  const end = async () => {
    const [at] = await mysql.query<{ File: string; Position: number }>("SHOW BINARY LOG STATUS");
    return { file: at?.File ?? "", offset: at?.Position ?? 0 };
  };
  const first = await insert(1);
  const second = await insert(2);
  await mysql.query("FLUSH BINARY LOGS");
  const third = await insert(3);
  const last = await end();
  const fourth = await insert(4);
  await mysql.query("FLUSH BINARY LOGS");
  const fifth = await insert(5);

  const { host, port, user, password } = mysql.server;
  const connection = { host, port, user, password };
  // The log goes on behind the end: the dump must not wait for an event that will never come.
  const asked = { serverId: 4711, serverUuid: uuid, silenceMs: 600_000 };
  const evidence = binlogEvidence({ ...asked, connection }, await mysql.connect());
  for (const mode of ["ON_PERMISSIVE", "OFF_PERMISSIVE"]) {
    await mysql.query(`SET GLOBAL gtid_mode = ${mode}`);
    for (const { gtid, begin } of [second, third])
      expect(await evidence.findBetween(gtid, second.begin, last)).toMatchObject({
        gtid,
        file: begin.file,
        start: begin.file === second.begin.file ? begin.offset : expect.any(Number),
        begunS: null,
      });
    for (const { gtid } of [first, fourth, fifth])
      expect(await evidence.findBetween(gtid, second.begin, last)).toBeNull();
    // An event has 32 bits for its position.
    const far = { ...last, offset: 2 ** 33 };
    expect(await evidence.findBetween(fifth.gtid, second.begin, far)).toBeNull();
  }
  // As it refuses the reader's own dump from there.
  await mysql.query("SET GLOBAL gtid_mode = OFF");
  await expect(evidence.findBetween(third.gtid, second.begin, last)).rejects.toMatchObject({
    errno: 1236,
  });
});
