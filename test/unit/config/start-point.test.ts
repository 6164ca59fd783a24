import { expect, test } from "vitest";
import { formatStartPoint, parseStartPoint } from "../../../config/start-point.ts";

const UUID = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

test.each([
  "now",
  "oldest",
  "gtid:",
  `gtid:${UUID}:1-5`,
  `gtid:${UUID}:1-5:8,${UUID}:tag_a:1`,
  "file:mysql-bin.000017:4",
])("%s is a starting point", (text) => {
  const start = parseStartPoint(text);
  expect(start && formatStartPoint(start)).toBe(text);
});

test.each([
  "",
  "later",
  "gtid:nonsense",
  `gtid:${UUID}`,
  "file:mysql-bin:4",
  "file:mysql-bin.000017",
])("%j is not a starting point", (text) => expect(parseStartPoint(text)).toBeNull());
