import { describe, expect, test } from "vitest";
import { OffsetStore } from "../../../../reader/offsets/offset-store.ts";
import { useLocalAws } from "../../../support/local-aws.ts";
import { useMysql } from "../../../support/mysql.ts";
import { ReaderBench, SHORT_LEASE } from "../../../support/reader.ts";

const aws = useLocalAws();

describe.each([
  ["with GTIDs", { gtid_mode: "ON", enforce_gtid_consistency: "ON" }],
  ["without GTIDs", { gtid_mode: "OFF", enforce_gtid_consistency: "OFF" }],
])("%s", (_, variables) => {
  const mysql = useMysql({ variables });

  test("the saved offset moves when the binlog is rotated, and reading continues there", async () => {
    await mysql.query("CREATE DATABASE shop");
    await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY)");
    await using bench = await ReaderBench.create(aws, mysql.server);
    const reader = await bench.start();
    await mysql.query("INSERT INTO shop.orders VALUES (1)");
    await bench.takeFrames(1);
    await mysql.query("FLUSH BINARY LOGS");
    await mysql.query("FLUSH BINARY LOGS");
    const [status] = await mysql.query<{ File: string }>("SHOW BINARY LOG STATUS");
    const store = new OffsetStore(aws.dynamodb, `${bench.source}-offsets`);
    await expect
      .poll(async () => (await store.load()).offset, { timeout: 60_000 })
      .toMatchObject({ file: status?.File, offset: 4 });
    await reader.kill();
    // The files before this position are no longer needed.
    await mysql.query("PURGE BINARY LOGS TO ?", [status?.File]);
    await mysql.query("INSERT INTO shop.orders VALUES (2)");
    await bench.start(undefined, SHORT_LEASE);
    const [frame] = await bench.takeFrames(1);
    expect(frame?.changes.map(({ key }) => key)).toEqual(['{"id":2}']);
  });
});
