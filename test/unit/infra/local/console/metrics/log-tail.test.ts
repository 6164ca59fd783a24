import { closeSync, openSync, writeSync } from "node:fs";
import { appendFile, mkdtemp, readFile, rm, stat } from "node:fs/promises";
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

test("cuts a log that has grown large, and hands out each of its lines all the same", async () => {
  const directory = await mkdtemp(join(tmpdir(), "log-tail-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, "route.log");
  // As the log of a process, which is appended to and stays open.
  const log = openSync(file, "a");
  onTestFinished(() => closeSync(log));
  const tail = new LogTail(file, 1000);
  const seen: string[] = [];
  const lines = Array.from({ length: 500 }, (_, number) => `line ${number}`);
  const text = lines.map((line) => `${line}\n`).join("");
  for (let at = 0; at < text.length; at += 97) {
    const reading = tail.read();
    writeSync(log, text.slice(at, at + 97));
    seen.push(...(await reading));
    expect((await stat(file)).size).toBeLessThan(1300);
  }
  seen.push(...(await tail.read()));
  expect(seen).toEqual(lines);
  expect(await readFile(`${file}.1`, "utf8")).toMatch(/^.*\n(line \d+\n)+/);
});
