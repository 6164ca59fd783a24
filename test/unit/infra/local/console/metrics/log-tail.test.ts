import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { LogTail } from "../../../../../../infra/local/console/metrics/log-tail.ts";

test("hands out each whole line once, also when it is written in pieces", async () => {
  const directory = await mkdtemp(join(tmpdir(), "log-tail-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, "reader.log");
  const tail = new LogTail(file);
  expect(await tail.read()).toEqual([]);
  await appendFile(file, "one\nzw");
  expect(await tail.read()).toEqual(["one"]);
  expect(await tail.read()).toEqual([]);
  await appendFile(file, Buffer.from("ö").subarray(0, 1));
  expect(await tail.read()).toEqual([]);
  await appendFile(file, Buffer.concat([Buffer.from("ö").subarray(1), Buffer.from("lf\nthree\n")]));
  expect(await tail.read()).toEqual(["zwölf", "three"]);
});
