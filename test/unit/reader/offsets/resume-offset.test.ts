import { describe, expect, test } from "vitest";
import {
  BinlogPurgedError,
  HistoryMismatchError,
  SourceSettingError,
} from "../../../../reader/reporting/errors.ts";
import type { Offset } from "../../../../reader/offsets/offset.ts";
import { dumpStart, firstOffset, resumeOffset } from "../../../../reader/offsets/resume-offset.ts";
import type { ServerState } from "../../../../reader/source/server-state.ts";

const UUID = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const state: ServerState = {
  uuid: UUID,
  serverId: 1,
  version: "9.7.0",
  gtids: true,
  gtidExecuted: `${UUID}:1-100`,
  gtidPurged: `${UUID}:1-10`,
  file: "bin.000009",
  offset: 4711,
  oldestFile: "bin.000003",
  files: ["bin.000003", "bin.000009"],
  startedUs: 0,
  checksums: true,
  lowerCaseNames: false,
  retentionMs: null,
};
const saved: Offset = {
  epoch: 3,
  server: UUID,
  run: 3,
  gtidSet: `${UUID}:1-50`,
  file: "bin.000005",
  offset: 99,
  lanes: new Map([[0, "p"]]),
  committedMs: 1,
};
const yes = async (): Promise<boolean> => true;
const subset =
  (answers: Record<string, boolean>) =>
  async (a: string): Promise<boolean> =>
    answers[a] ?? true;

describe("a first start", () => {
  test("from now begins behind everything executed", () => {
    expect(dumpStart(firstOffset({ kind: "now" }, 1, state))).toEqual({
      kind: "gtid",
      gtidSet: `${UUID}:1-100`,
    });
  });
  test("from the oldest log begins behind what was purged", () => {
    expect(dumpStart(firstOffset({ kind: "oldest" }, 1, state))).toEqual({
      kind: "gtid",
      gtidSet: `${UUID}:1-10`,
    });
  });
  test("without GTIDs begins at a file and position", () => {
    const plain = { ...state, gtids: false };
    expect(dumpStart(firstOffset({ kind: "now" }, 1, plain))).toEqual({
      kind: "file",
      file: "bin.000009",
      offset: 4711,
    });
    expect(dumpStart(firstOffset({ kind: "oldest" }, 1, plain))).toEqual({
      kind: "file",
      file: "bin.000003",
      offset: 4,
    });
    expect(() => firstOffset({ kind: "gtid", gtidSet: "x" }, 1, plain)).toThrow(SourceSettingError);
  });
});

describe("resuming", () => {
  test("on the same server keeps the offset as it is", async () => {
    expect(await resumeOffset(saved, state, yes)).toBe(saved);
  });
  test("on another server of the topology begins a new epoch and keeps the GTIDs and the lanes' chain", async () => {
    const other = { ...state, uuid: "another" };
    expect(await resumeOffset(saved, other, yes)).toMatchObject({
      epoch: 4,
      server: "another",
      run: null,
      gtidSet: saved.gtidSet,
      lanes: saved.lanes,
    });
  });
  test("stops when the next transactions were purged, naming offset and oldest position", async () => {
    const error = await resumeOffset(saved, state, subset({ [state.gtidPurged]: false })).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(BinlogPurgedError);
    expect(error).toMatchObject({
      offset: saved.gtidSet,
      oldest: expect.stringContaining("bin.000003"),
    });
  });
  test("stops when the server has not executed what was read", async () => {
    const answer = resumeOffset(saved, state, subset({ [saved.gtidSet ?? ""]: false }));
    await expect(answer).rejects.toBeInstanceOf(HistoryMismatchError);
  });
  test("by file and position needs the same server and the file", async () => {
    const byFile = { ...saved, gtidSet: null };
    await expect(resumeOffset(byFile, { ...state, uuid: "another" }, yes)).rejects.toBeInstanceOf(
      HistoryMismatchError,
    );
    await expect(resumeOffset(byFile, state, yes)).rejects.toBeInstanceOf(BinlogPurgedError);
    expect(await resumeOffset({ ...byFile, file: "bin.000003" }, state, yes)).toMatchObject({
      epoch: 3,
    });
  });
});
