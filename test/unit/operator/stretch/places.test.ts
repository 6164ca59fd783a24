import { describe, expect, it, test } from "vitest";
import { CommandError } from "../../../../operator/shared/command-error.ts";
import { beginningAt, parsePlace } from "../../../../operator/stretch/places.ts";
import type { TracedServer } from "../../../../operator/stretch/traced-server.ts";

const NOW = Date.parse("2026-11-28T12:00:00Z");
const UUID = "adab0ece-eb0a-11f1-aa93-02fc00000001";

describe("a place in the binlog", () => {
  it.for([
    ["30s", "2026-11-28T11:59:30Z"],
    ["2h", "2026-11-28T10:00:00Z"],
    ["3d", "2026-11-25T12:00:00Z"],
    ["2026-11-28", "2026-11-28T00:00:00Z"],
    ["2026-11-28 09:30", "2026-11-28T09:30:00Z"],
    ["2026-11-28T09:30:00.5+02:00", "2026-11-28T07:30:00.5Z"],
  ] as const)("%s is a time", ([text, time]) => {
    expect(parsePlace(text, NOW)).toEqual({ kind: "time", us: Date.parse(time) * 1000 });
  });

  it("is a time in microseconds, as MySQL's commit times are", () => {
    const us = Date.parse("2026-11-28T09:30:00Z") * 1000 + 123_456;
    for (const text of ["2026-11-28T09:30:00.123456Z", "2026-11-28 11:30:00.1234567+0200"])
      expect(parsePlace(text, NOW)).toEqual({ kind: "time", us });
  });

  it("is an hour that a change of the clocks brings twice, by its zone", () => {
    const us = Date.parse("2026-10-25T00:30:00Z") * 1000;
    const places = ["+02:00", "+01:00"].map((zone) =>
      parsePlace(`2026-10-25T02:30:00${zone}`, NOW),
    );
    expect(places).toEqual([
      { kind: "time", us },
      { kind: "time", us: us + 3.6e9 },
    ]);
  });

  it("is a GTID, also with a tag, or a position", () => {
    for (const gtid of [`${UUID}:7`, `${UUID}:br_app:7`])
      expect(parsePlace(gtid, NOW)).toEqual({ kind: "gtid", gtid });
    expect(parsePlace("mysql-bin.000017:4", NOW)).toEqual({
      kind: "position",
      file: "mysql-bin.000017",
      offset: 4,
    });
  });

  it.for([
    "yesterday",
    "2026-13-41",
    "2026-02-30",
    "2026-04-31T10:00:00Z",
    "2026-11-28T25:00",
    `${UUID}:1-7`,
    `${UUID}:1,${UUID}:br_app:7`,
    "mysql-bin:4",
    "mysql-bin.000017:-4",
    "",
  ])("is not %j", (text) => {
    expect(() => parsePlace(text, NOW)).toThrow(CommandError);
  });
});

test("reading begins in a file that certainly began before the time, because files give whole seconds", async () => {
  const files = ["log.000001", "log.000002", "log.000003"];
  const begun = new Map(files.map((file, place) => [file, { begunS: 100 + 10 * place }]));
  const server = {
    state: { files, oldestFile: "log.000001" },
    evidence: { beginningOf: (file: string) => Promise.resolve(begun.get(file) ?? null) },
  } as unknown as TracedServer;
  const beginning = (ms: number) => beginningAt(server, { kind: "time", us: ms * 1000 });
  const fileAt = async (ms: number) => (await beginning(ms)).file;
  // A file's time is a whole second: changes of that second may still be in the file before it.
  expect(await fileAt(120_500)).toBe("log.000002");
  expect(await fileAt(121_000)).toBe("log.000003");
  expect(await fileAt(110_999)).toBe("log.000001");
  expect(await fileAt(99_000)).toBe("log.000001");
  expect((await beginning(99_000)).oldestMs).toBe(100_000);
});
