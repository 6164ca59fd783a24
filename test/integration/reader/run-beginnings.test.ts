import { expect, test } from "vitest";
import { RunBeginnings, serverStarts } from "../../../reader/offsets/run-beginnings.ts";
import { readServerState } from "../../../reader/source/server-state.ts";
import { binlogFileNumber } from "../../../wire/binlog-file.ts";
import { endInRotation } from "../../support/end-in-rotation.ts";
import { useMysql } from "../../support/mysql.ts";

const mysql = useMysql();

test("the reader finds the files in which a run began, also behind a rotation that failed", async () => {
  await rotate(6);
  const first = await fileNames();
  await mysql.server.restart();
  await rotate(6);
  const second = await fileNames();
  await mysql.server.restart({ hard: true });
  const third = await fileNames();
  await endInRotation(mysql);
  await mysql.server.start();
  await rotate(2);
  const files = await fileNames();

  const server = await askedServer();
  const beginnings = new RunBeginnings(server, await fileSizes());
  const began = [second[first.length], third[second.length], files[third.length]];
  const found = await beginnings.among(files.slice(1));
  expect([...found.keys()]).toEqual(began.map((file) => binlogFileNumber(file ?? "")));
  for (const file of began) {
    const [startedS] = await serverStarts(server, [file ?? ""]);
    expect(found.get(binlogFileNumber(file ?? ""))).toBe(startedS);
  }

  const latest = async (to?: number) => (await beginnings.latest(files.slice(1, to)))?.fileNumber;
  expect(await latest()).toBe(binlogFileNumber(began[2] ?? ""));
  expect(await latest(second.length)).toBe(binlogFileNumber(began[0] ?? ""));
  expect(await latest(first.length)).toBeUndefined();
});

test("small files are asked on few connections", async () => {
  await rotate(80);
  const former = await fileNames();
  await mysql.server.restart();
  await rotate(80);
  const sizes = await fileSizes();
  const files = [...sizes.keys()].slice(former.length - 80);
  const server = await askedServer();
  const before = await connections();
  const found = await new RunBeginnings(server, sizes).among(files);
  expect([...found.keys()]).toEqual([binlogFileNumber(files[80] ?? "")]);
  expect((await connections()) - before).toBeLessThan(20);
  const beforeLatest = await connections();
  expect(await new RunBeginnings(server, sizes).latest(files.slice(81))).toBeNull();
  expect((await connections()) - beforeLatest).toBeLessThan(45);
});

test("large files, and what the server refuses to send, do not hide the beginning of a run", async () => {
  const since = (await fileNames()).length;
  await mysql.query("CREATE DATABASE wide");
  await mysql.query("CREATE TABLE wide.notes (note LONGTEXT)");
  const write = (length: number) =>
    mysql.query("INSERT INTO wide.notes VALUES (REPEAT('a', ?))", [length]);
  for (const length of [10_000, 40_000, 50_000, 400_000]) {
    for (let i = 0; i < 3; i++) await write(length);
    await mysql.server.restart();
    await write(length);
    await rotate(2);
  }
  for (const mode of ["ON_PERMISSIVE", "OFF_PERMISSIVE"])
    await mysql.query(`SET GLOBAL gtid_mode = ${mode}`);
  await write(1); // without a GTID: a dump is refused here
  await rotate(1);
  for (const mode of ["ON_PERMISSIVE", "ON"]) await mysql.query(`SET GLOBAL gtid_mode = ${mode}`);
  await mysql.server.restart();
  await rotate(2);
  const sizes = await fileSizes();
  const files = [...sizes.keys()].slice(since);
  const server = await askedServer();
  const found = await new RunBeginnings(server, sizes).among(files);
  expect(found.size).toBe(5);
  expect(found).toEqual(await askedOneByOne(files));
  // Starting at each file, so that the dumps take in different ones.
  for (let from = 1; from < files.length; from++) {
    const rest = files.slice(from);
    expect(await new RunBeginnings(server, sizes).among(rest)).toEqual(
      new Map([...found].filter(([number]) => number >= binlogFileNumber(rest[0] ?? ""))),
    );
  }
});

async function askedServer() {
  const [uuid] = await mysql.query<{ uuid: string }>("SELECT @@server_uuid AS uuid");
  const { host, port, user, password } = mysql.server;
  return {
    connection: { host, port, user, password },
    serverId: 4711,
    serverUuid: uuid?.uuid ?? "",
    silenceMs: 30_000,
  };
}

async function askedOneByOne(files: readonly string[]): Promise<Map<number, number>> {
  const server = await askedServer();
  const found = new Map<number, number>();
  for (const file of files) {
    const [startedS = 0] = await serverStarts(server, [file]);
    if (startedS !== 0) found.set(binlogFileNumber(file), startedS);
  }
  return found;
}

async function connections(): Promise<number> {
  const [row] = await mysql.query<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Connections'");
  return Number(row?.Value);
}

async function rotate(times: number): Promise<void> {
  const connection = await mysql.connect();
  for (let i = 0; i < times; i++) await connection.query("FLUSH BINARY LOGS");
}

async function fileNames(): Promise<string[]> {
  return [...(await fileSizes()).keys()];
}

async function fileSizes(): Promise<ReadonlyMap<string, number>> {
  return (await readServerState(await mysql.connect())).fileSizes;
}
