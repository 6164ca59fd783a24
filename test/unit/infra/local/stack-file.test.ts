import { spawn } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeLock } from "../../../../infra/local/lock-file.ts";
import {
  AlreadyRunningError,
  StateDirectoryError,
} from "../../../../infra/local/request/refusal.ts";
import { StackDirectory } from "../../../../infra/local/stack-file.ts";
import type { StackFile } from "../../../../operator/shared/stack-file.ts";

const STACK: StackFile = {
  ready: true,
  mysql: { host: "127.0.0.1", port: 3306, user: "root", password: "p" },
  aws: {
    region: "us-east-1",
    accessKeyId: "local",
    secretAccessKey: "local",
    sqsEndpoint: "http://127.0.0.1:1",
    dynamodbEndpoint: "http://127.0.0.1:2",
    s3Endpoint: "http://127.0.0.1:3",
    secretsManagerEndpoint: "http://127.0.0.1:4",
  },
  environments: { staging: { users: [], queues: {} } },
  tables: { offsets: "o", failures: "f", sessions: "s" },
  payloadBucket: "payloads",
  processes: { main: process.pid },
};

const BEYOND_ANY_PROCESS = 2 ** 22 + 1;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "stack-file-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("stack.json exists from its first write until the stack releases it, and never after", async () => {
  const stack = await StackDirectory.claim(directory);
  expect(existsSync(stack.stackFile)).toBe(false);
  await stack.write(STACK, "export A=1\n");
  expect(JSON.parse(await readFile(stack.stackFile, "utf8"))).toEqual(STACK);
  expect(await readFile(join(directory, "env"), "utf8")).toBe("export A=1\n");
  await stack[Symbol.asyncDispose]();
  await stack.write(STACK, "");
  expect(await readdir(directory)).toEqual([]);
});

test("the stack.json of a dead npm start is replaced", async () => {
  await writeFile(join(directory, "stack.lock"), String(BEYOND_ANY_PROCESS));
  await writeFile(join(directory, "stack.json"), "{}");
  await using stack = await StackDirectory.claim(directory);
  expect(existsSync(stack.stackFile)).toBe(false);
});

test("a directory that cannot be made is refused with a sentence that names the option", async () => {
  const path = join("/dev/null", "state");
  await expect(StackDirectory.claim(path)).rejects.toThrow(
    new StateDirectoryError(
      `${path} cannot be written (ENOTDIR); name another directory with --state`,
    ),
  );
});

test("another program that was given the dead one's process id does not keep the directory", async () => {
  await writeFile(join(directory, "stack.lock"), String(process.ppid));
  await using stack = await StackDirectory.claim(directory);
  expect(stack.path).toBe(directory);
});

test("an npm start that has not yet written its process id keeps the directory", async () => {
  const start = ["-e", "setInterval(() => {}, 1000)", join("infra", "local", "main.ts")];
  const other = spawn(process.execPath, start, { stdio: "ignore" });
  try {
    const lock = join(directory, "stack.lock");
    await writeFile(lock, "");
    const claimed = StackDirectory.claim(directory);
    setTimeout(() => void writeFile(lock, String(other.pid)), 200);
    await expect(claimed).rejects.toThrow(AlreadyRunningError);
  } finally {
    other.kill("SIGKILL");
  }
});

test("the lock that another npm start has put in the place of a dead one's stays", async () => {
  const lock = join(directory, "stack.lock");
  await writeFile(lock, "2");
  await removeLock(lock, "1");
  expect(await readFile(lock, "utf8")).toBe("2");
  await removeLock(lock, "2");
  await removeLock(lock, "2");
  expect(await readdir(directory)).toEqual([]);
});
