import { expect, test } from "vitest";
import { RunBeginnings, serverStart } from "../../../reader/transactions/run-beginnings.ts";
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

  const [uuid] = await mysql.query<{ uuid: string }>("SELECT @@server_uuid AS uuid");
  const { host, port, user, password } = mysql.server;
  const server = {
    connection: { host, port, user, password },
    serverId: 4711,
    serverUuid: uuid?.uuid ?? "",
    silenceMs: 30_000,
  };
  const beginnings = new RunBeginnings(server);
  const began = [second[first.length], third[second.length], files[third.length]];
  const found = await beginnings.among(files.slice(1));
  expect([...found.keys()]).toEqual(began.map((file) => binlogFileNumber(file ?? "")));
  for (const file of began)
    expect(found.get(binlogFileNumber(file ?? ""))).toBe(await serverStart(server, file ?? ""));

  const latest = async (to?: number) => (await beginnings.latest(files.slice(1, to)))?.fileNumber;
  expect(await latest()).toBe(binlogFileNumber(began[2] ?? ""));
  expect(await latest(second.length)).toBe(binlogFileNumber(began[0] ?? ""));
  expect(await latest(first.length)).toBeUndefined();
});

async function rotate(times: number): Promise<void> {
  for (let i = 0; i < times; i++) await mysql.query("FLUSH BINARY LOGS");
}

async function fileNames(): Promise<string[]> {
  const rows = await mysql.query<{ Log_name: string }>("SHOW BINARY LOGS");
  return rows.map(({ Log_name: name }) => name);
}
