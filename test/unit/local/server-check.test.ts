import { expect, test } from "vitest";
import { serverProblems } from "../../../infra/local/source/server-check.ts";

const SOUND = {
  version: "8.4.3",
  log_bin: "ON",
  binlog_format: "ROW",
  binlog_row_metadata: "FULL",
};

const problems = (change: Partial<Record<keyof typeof SOUND, string>>) =>
  serverProblems(new Map(Object.entries({ ...SOUND, ...change })));

test("a server that writes complete rows is fit, also one that knows no other format", () => {
  expect(problems({})).toEqual([]);
  const { binlog_format: _, ...newer } = SOUND;
  expect(serverProblems(new Map(Object.entries(newer)))).toEqual([]);
});

test.each([
  [{ log_bin: "OFF" }, ["its binary log is off (log_bin); start it with --log-bin"]],
  [{ version: "5.7.44" }, ["it is version 5.7.44; MySQL 8.0 or later is needed"]],
  [{ version: "11.8.2-MariaDB" }, ["it is version 11.8.2-MariaDB; MySQL 8.0 or later is needed"]],
  [
    { binlog_format: "MIXED", binlog_row_metadata: "MINIMAL" },
    [
      "binlog_format is MIXED; run: SET PERSIST binlog_format = 'ROW'",
      "binlog_row_metadata is MINIMAL; run: SET PERSIST binlog_row_metadata = 'FULL'",
    ],
  ],
])("%j is refused with every reason and its remedy", (change, reasons) => {
  expect(problems(change)).toEqual(reasons);
});
