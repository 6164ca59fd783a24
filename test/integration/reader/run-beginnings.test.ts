import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { EventType } from "../../../reader/binlog-format/events/event-types.ts";
import { RunBeginnings, serverStarts } from "../../../reader/offsets/run-beginnings.ts";
import { look } from "../../../reader/offsets/short-dump.ts";
import { readServerState, type ServerState } from "../../../reader/source/server-state.ts";
import { binlogFileNumber } from "../../../wire/binlog-file.ts";
import { endInRotation } from "../../support/end-in-rotation.ts";
import { useMysql } from "../../support/mysql.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";

const COM_BINLOG_DUMP_GTID = 0x1e;

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
  const beginnings = new RunBeginnings(server, await state());
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

test("the files that the server's process has written are those of its present run", async () => {
  await rotate(2);
  await mysql.server.restart();
  const restarted = (await fileNames()).at(-1);
  expect(await firstWritten()).toBe(restarted);
  await rotate(2);
  expect(await firstWritten()).toBe(restarted);

  // The server changes the file that it left open; it was read whole, too.
  await mysql.server.restart({ hard: true });
  const killed = (await fileNames()).at(-1);
  await mysql.query("SHOW BINLOG EVENTS IN ?", [restarted]);
  expect(await firstWritten()).toBe(killed);

  // A rotation leads to the file with which the next run begins.
  await endInRotation(mysql);
  await mysql.server.start();
  const ended = (await fileNames()).at(-1);
  await rotate(1);
  expect(await firstWritten()).toBe(ended);

  // What was counted before the counters were reset proves nothing.
  await mysql.query("TRUNCATE TABLE performance_schema.file_summary_by_instance");
  expect(await firstWritten()).toBeNull();
  await rotate(1);
  expect(await firstWritten()).toBe((await fileNames()).at(-1));

  await mysql.query("RESET BINARY LOGS AND GTIDS");
  expect(await firstWritten()).toBe((await fileNames())[0]);

  // Accounts that may not ask.
  for (const [user, grant] of [
    ["narrow", "SELECT ON performance_schema.threads"],
    ["column", "SELECT (file_name) ON performance_schema.file_summary_by_instance"],
  ] as const) {
    const account = await mysql.createAccount(user, ["REPLICATION CLIENT ON *.*", grant]);
    const narrow = await readServerState(await mysql.connect(account));
    expect(narrow.firstWrittenFile).toBeNull();
    expect(narrow.files).not.toEqual([]);
  }
});

test.each([
  ["with GTIDs", true, 300_000],
  ["without GTIDs", false, 100],
])("files are asked on few connections %s", async (_, gtids, length) => {
  const write = await notes();
  const fill = async (): Promise<void> => {
    for (let i = 0; i < 40; i++) {
      await write(length);
      await rotate(1);
    }
  };
  await rotate(1);
  const former = await fileNames();
  await fill();
  await mysql.server.restart();
  await fill();
  const found = { ...(await state()), gtids };
  const files = found.files.slice(former.length - 1);
  const server = await askedServer();
  const before = await connections();
  const beginnings = await new RunBeginnings(server, found).among(files);
  expect([...beginnings.keys()]).toEqual([binlogFileNumber(files[41] ?? "")]);
  expect((await connections()) - before).toBeLessThan(20);
  const beforeLatest = await connections();
  expect(await new RunBeginnings(server, found).latest(files.slice(42))).toBeNull();
  expect((await connections()) - beforeLatest).toBeLessThan(45);
});

test("large files, and what the server refuses to send, do not hide the beginning of a run", async () => {
  const write = await notes();
  const since = (await fileNames()).length;
  for (const length of [10_000, 40_000, 400_000, 900_000]) {
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
  const present = await state();
  const files = present.files.slice(since);
  const server = await askedServer();
  const found = await askedOneByOne(files);
  expect(found.size).toBe(5);
  for (const gtids of [true, false]) {
    // Starting at each file, so that the dumps take in different ones.
    for (let from = 0; from < files.length; from++) {
      const rest = files.slice(from);
      expect(await new RunBeginnings(server, { ...present, gtids }).among(rest)).toEqual(
        new Map([...found].filter(([number]) => number >= binlogFileNumber(rest[0] ?? ""))),
      );
    }
  }
});

test("files are asked by their offsets where the server does not begin with the named file", async () => {
  await rotate(6);
  const before = (await fileNames()).length;
  await mysql.server.restart();
  await rotate(6);
  const present = await state();
  await using proxy = await TcpProxy.listen(mysql.server);
  let dumps = 0;
  proxy.changeRequests((request) => {
    if (request[4] !== COM_BINLOG_DUMP_GTID) return request;
    dumps++;
    const named = request.readUInt32LE(11);
    const rest = [request.subarray(0, 11), Buffer.alloc(4), request.subarray(15 + named)];
    const unnamed = Buffer.concat(rest);
    unnamed.writeUIntLE(unnamed.length - 4, 0, 3);
    return unnamed;
  });
  const server = await askedServer();
  const connection = { ...server.connection, port: proxy.port };
  const found = await new RunBeginnings({ ...server, connection }, present).among(present.files);
  expect(found).toEqual(await askedOneByOne(present.files));
  expect([...found.keys()]).toContain(binlogFileNumber(present.files[before] ?? ""));
  expect(dumps).toBeGreaterThan(0);
});

test("the answer about a file does not wait until the server has gone through the next one", async () => {
  await rotate(12);
  const present = await state();
  await mysql.query("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = ON");
  await new RunBeginnings(await askedServer(), present).among(present.files.slice(-12));
  await mysql.query("SET GLOBAL general_log = OFF");
  const periods = await mysql.query<{ sql: string }>(
    "SELECT CONVERT(argument USING utf8mb4) AS `sql` FROM mysql.general_log WHERE argument LIKE 'SET %heartbeat_period%'",
  );
  expect(periods.length).toBeGreaterThan(0);
  for (const { sql } of periods) expect(sql).toContain("@source_heartbeat_period = 1000000,");
});

test("a dump behind GTIDs that begins with a named file has its first event, and only what is not in the set", async () => {
  const write = await notes();
  await write(10);
  await mysql.server.restart();
  await write(20);
  const { file, gtidExecuted } = await state();
  await rotate(1);
  await write(30);
  const server = await askedServer();
  const [startedS = 0] = await serverStarts(server, [file]);
  const seen: unknown[] = [];
  const start = { kind: "gtid", gtidSet: gtidExecuted, from: file } as const;
  await look({ ...server, replicaUuid: randomUUID() }, start, (event) => {
    const { type } = event.header;
    if (event.description !== null) seen.push([event.file, event.description.created]);
    if (type === EventType.GTID_LOG_EVENT || type === EventType.WRITE_ROWS_EVENT) seen.push(type);
    return type === EventType.XID_EVENT ? true : null;
  });
  expect(startedS).toBeGreaterThan(0);
  expect(seen).toEqual([
    [file, startedS],
    [(await state()).file, 0],
    EventType.GTID_LOG_EVENT,
    EventType.WRITE_ROWS_EVENT,
  ]);
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

async function firstWritten(): Promise<string | null> {
  return (await state()).firstWrittenFile;
}

async function fileNames(): Promise<readonly string[]> {
  return (await state()).files;
}

async function state(): Promise<ServerState> {
  return readServerState(await mysql.connect());
}

/** Returns a function that commits a row with a text of this length. */
async function notes(): Promise<(length: number) => Promise<unknown>> {
  await mysql.query("CREATE DATABASE IF NOT EXISTS wide");
  await mysql.query("CREATE TABLE IF NOT EXISTS wide.notes (note LONGTEXT)");
  return (length) => mysql.query("INSERT INTO wide.notes VALUES (REPEAT('a', ?))", [length]);
}
