import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";

/** Starts a reader, whose server does not exist, and prints its process id. */
const STARTS_READER = `
  import { startLocalAws } from "@binlog-router/local-aws";
  import { ReaderBench } from "./test/support/reader.ts";
  const mysql = { host: "127.0.0.1", port: 1, user: "reader", password: "x" };
  const bench = await ReaderBench.create(await startLocalAws(), mysql);
  console.log((await bench.start("ready")).pid);
`;

test("a reader that a test started ends when the test's process is killed", async () => {
  const starting = spawn(
    process.execPath,
    ["--input-type=module-typescript", "--eval", STARTS_READER],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [line] = (await once(starting.stdout.setEncoding("utf8"), "data")) as [string];
  const reader = Number(line);
  expect(isRunning(reader)).toBe(true);
  starting.kill("SIGKILL");
  await expect.poll(() => isRunning(reader)).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
