import { expect, test } from "vitest";
import { parseReaderSettings, ReaderSettingsError } from "../../../reader/settings.ts";

const sound = {
  SOURCE_NAME: "shop",
  SOURCE_HOST: "db.internal",
  SOURCE_SECRET_ARN: "arn:aws:secretsmanager:eu-west-1:000000000000:secret:x",
  SOURCE_TABLES: '["shop.*"]',
  RAW_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/000000000000/shop-raw.fifo",
  OFFSETS_TABLE: "offsets",
  SESSIONS_TABLE: "sessions",
  PAYLOAD_BUCKET: "payloads",
};

test("variables that are not set have their defaults", () => {
  expect(parseReaderSettings(sound)).toMatchObject({
    port: 3306,
    tls: "verify",
    start: { kind: "now" },
    lanes: 1,
    delayMs: 20,
    leaseMs: 15_000,
    silenceMs: 30_000,
  });
});

test("frames that shrink may grow beyond the usual size, but not beyond a size that is set", () => {
  const usual = parseReaderSettings(sound).frameSizes;
  expect(usual).toEqual({ fullBytes: 720 * 1024, mostBytes: 1024 * 1024 });
  for (const kib of [16, 720]) {
    const set = parseReaderSettings({ ...sound, FRAME_KIB: String(kib) }).frameSizes;
    expect(set).toEqual({ fullBytes: kib * 1024, mostBytes: kib * 1024 });
  }
  expect(() => parseReaderSettings({ ...sound, FRAME_KIB: "721" })).toThrow(ReaderSettingsError);
});

test("the server id is stable, in the upper half, and different for stacks of one name in two accounts", () => {
  const { replicaServerId } = parseReaderSettings(sound);
  expect(replicaServerId).toBe(parseReaderSettings(sound).replicaServerId);
  expect(replicaServerId).toBeGreaterThanOrEqual(2 ** 31);
  for (const [from, to] of [
    ["shop", "other"],
    ["000000000000", "111111111111"],
    ["eu-west-1", "us-east-1"],
  ] as const) {
    const RAW_QUEUE_URL = sound.RAW_QUEUE_URL.replace(from, to);
    expect(parseReaderSettings({ ...sound, RAW_QUEUE_URL }).replicaServerId).not.toBe(
      replicaServerId,
    );
  }
});

test("a GTID set is read as the starting point", () => {
  const { start } = parseReaderSettings({
    ...sound,
    SOURCE_START: "gtid:3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5",
  });
  expect(start).toEqual({ kind: "gtid", gtidSet: "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5" });
});

test("the error names every wrong variable", () => {
  try {
    parseReaderSettings({ ...sound, SOURCE_HOST: "", LANES: "many", SOURCE_TABLES: "shop.*" });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ReaderSettingsError);
    const problems = (error as ReaderSettingsError).problems.join("\n");
    for (const name of ["SOURCE_HOST", "LANES", "SOURCE_TABLES"]) expect(problems).toContain(name);
  }
});
