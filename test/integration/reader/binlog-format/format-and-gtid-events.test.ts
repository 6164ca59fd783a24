import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { verifyChecksum } from "../../../../reader/binlog-format/events/checksum.ts";
import { parseEventHeader } from "../../../../reader/binlog-format/events/event-header.ts";
import { EventType } from "../../../../reader/binlog-format/events/event-types.ts";
import {
  type FormatDescription,
  parseFormatDescription,
} from "../../../../reader/binlog-format/events/format-description.ts";
import { parseGtidEvent } from "../../../../reader/binlog-format/events/read-gtid-event.ts";
import { BinlogFile } from "../../../support/binlog-changes.ts";
import { useMysql } from "../../../support/mysql.ts";

const mysql = useMysql();
const MAGIC_LENGTH = 4;

/** The format description of every binlog file of the server, oldest first. */
async function formatDescriptions(): Promise<FormatDescription[]> {
  const logs = await mysql.query<{ Log_name: string }>("SHOW BINARY LOGS");
  const descriptions: FormatDescription[] = [];
  for (const { Log_name: name } of logs) {
    const file = await readFile(join(mysql.server.dataDir, name));
    const { length } = parseEventHeader(file, MAGIC_LENGTH);
    const event = file.subarray(MAGIC_LENGTH, MAGIC_LENGTH + length);
    verifyChecksum(event);
    descriptions.push(parseFormatDescription(event));
  }
  return descriptions;
}

describe("format descriptions", () => {
  it("distinguish a start of the server from a rotation", async () => {
    const before = Math.floor(Date.now() / 1000);
    await mysql.query("FLUSH BINARY LOGS");
    await mysql.server.restart();
    await mysql.query("FLUSH BINARY LOGS");
    const created = (await formatDescriptions()).map((description) => description.created);
    expect(created.at(-3)).toBe(0);
    expect(created.at(-2)).toBeGreaterThanOrEqual(before);
    expect(created.at(-1)).toBe(0);
  });

  it("say whether events have checksums, and always have one themselves", async () => {
    await mysql.query("SET GLOBAL binlog_checksum = NONE");
    await mysql.query("SET GLOBAL binlog_checksum = CRC32");
    const checksums = (await formatDescriptions()).map((description) => description.checksums);
    expect(checksums.slice(-2)).toEqual([false, true]);
  });

  it("contain the server's version", async () => {
    const [row] = await mysql.query<{ version: string }>("SELECT VERSION() version");
    expect((await formatDescriptions()).at(-1)?.serverVersion).toBe(row?.version);
  });
});

describe("GTID events", () => {
  const types: readonly number[] = [
    EventType.GTID_LOG_EVENT,
    EventType.GTID_TAGGED_LOG_EVENT,
    EventType.ANONYMOUS_GTID_LOG_EVENT,
  ];

  it("contain GTID, tag and both commit times as the server reports them", async () => {
    await using binlog = await BinlogFile.open(mysql.server, "gtid_test");
    const { connection } = binlog;
    await connection.query("CREATE TABLE t (id INT PRIMARY KEY)");
    const [[[uuid = ""] = []]] = (await connection.query("SELECT @@server_uuid")) as unknown as [
      string[][],
    ];
    await binlog.events();
    const beforeUs = Date.now() * 1000;
    await connection.query("INSERT INTO t VALUES (1)");
    await connection.query(
      "SET original_commit_timestamp = 1234567890123456; INSERT INTO t VALUES (2)",
    );
    await connection.query(`SET gtid_next = '${uuid}:999999999999'; INSERT INTO t VALUES (3)`);
    const tagged = Number.parseFloat(mysql.server.version) >= 8.3;
    if (tagged)
      await connection.query(
        "SET gtid_next = 'AUTOMATIC:a_tag', original_commit_timestamp = 99; INSERT INTO t VALUES (4)",
      );
    const gtids = (await binlog.events())
      .filter((event) => types.includes(parseEventHeader(event).type))
      .map(parseGtidEvent);

    expect(gtids.length).toBe(tagged ? 4 : 3);
    const [first, second, third, fourth] = gtids;
    expect(first?.gtid).toMatch(new RegExp(`^${uuid}:\\d+$`));
    expect(first?.immediateCommitTimestamp).toBeGreaterThanOrEqual(beforeUs - 1000);
    expect(first?.immediateCommitTimestamp).toBeLessThanOrEqual(Date.now() * 1000 + 1000);
    expect(first?.originalCommitTimestamp).toBe(first?.immediateCommitTimestamp);
    expect(second?.originalCommitTimestamp).toBe(1_234_567_890_123_456);
    expect(second?.immediateCommitTimestamp).toBeGreaterThanOrEqual(beforeUs - 1000);
    expect(third?.gtid).toBe(`${uuid}:999999999999`);
    if (tagged) {
      expect(fourth?.gtid).toBe(`${uuid}:a_tag:1`);
      expect(fourth?.originalCommitTimestamp).toBe(99);
      expect(fourth?.immediateCommitTimestamp).toBeGreaterThanOrEqual(beforeUs - 1000);
    }
  });
});
