import { expect, test } from "vitest";
import { Rotations } from "../../../reader/transactions/rotations.ts";
import { fileOfPresentRun, runBeginnings } from "../../../reader/transactions/run-beginnings.ts";
import { binlogFileNumber } from "../../../wire/binlog-file.ts";
import { useMysql } from "../../support/mysql.ts";

const mysql = useMysql();

test("the reader finds the files in which a run began, and opens a connection only for these", async () => {
  await rotate(20);
  const before = await fileNames();
  await mysql.server.stop();
  await mysql.server.start();
  await rotate(20);
  const between = await fileNames();
  await mysql.server.kill();
  await mysql.server.start();
  await rotate(2);
  const files = await fileNames();

  const control = await mysql.connect();
  const { host, port, user, password } = mysql.server;
  const [uuid] = await mysql.query<{ uuid: string }>("SELECT @@server_uuid AS uuid");
  const counted = async (name: string): Promise<number> => {
    const [rows] = await control.query("SHOW GLOBAL STATUS LIKE ?", [name]);
    return Number((rows as { Value: string }[])[0]?.Value);
  };
  const opened = await counted("Connections");
  const asked = await counted("Com_show_binlog_events");
  const rotations = new Rotations(control);
  const beginnings = await runBeginnings({
    rotations,
    files,
    connection: { host, port, user, password },
    serverId: 4711,
    serverUuid: uuid?.uuid ?? "",
    silenceMs: 30_000,
  });
  expect(new Set(beginnings.keys())).toEqual(
    new Set([firstNew(between, before), firstNew(files, between)]),
  );
  for (const startedS of beginnings.values()) expect(startedS).toBeGreaterThan(1_700_000_000);
  // Two connections for each file that the reader must query separately.
  expect((await counted("Connections")) - opened).toBe(4);

  const [first = "", ...others] = files;
  const present = await fileOfPresentRun(rotations, [first, ...others]);
  expect(binlogFileNumber(present)).toBe(firstNew(files, between));
  // One query for each file behind the first, and a second one where the answer is not a rotation.
  expect((await counted("Com_show_binlog_events")) - asked).toBeLessThanOrEqual(files.length + 1);
});

async function rotate(times: number): Promise<void> {
  for (let i = 0; i < times; i++) await mysql.query("FLUSH BINARY LOGS");
}

async function fileNames(): Promise<string[]> {
  const rows = await mysql.query<{ Log_name: string }>("SHOW BINARY LOGS");
  return rows.map(({ Log_name: name }) => name);
}

/** The number of the first file that was added. */
function firstNew(later: readonly string[], former: readonly string[]): number {
  return binlogFileNumber(later.find((name) => !former.includes(name)) ?? "");
}
