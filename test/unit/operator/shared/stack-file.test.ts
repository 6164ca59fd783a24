import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CommandError } from "../../../../operator/shared/command-error.ts";
import { readStackFile, type StackFile } from "../../../../operator/shared/stack-file.ts";
import { localTarget } from "../../../../operator/shared/target.ts";

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "stack-file-"));
  path = join(directory, "stack.json");
});
afterEach(() => rm(directory, { recursive: true }));

describe("reading stack.json", () => {
  test("returns what a live npm start wrote", async () => {
    const stack = stackOf(process.pid);
    await writeFile(path, JSON.stringify(stack));
    expect(await readStackFile(path)).toEqual(stack);
  });

  test("says in one sentence that there is no such file", async () => {
    await expect(readStackFile(path)).rejects.toThrow(
      new CommandError(`no local stack is running (there is no ${path}); start one with npm start`),
    );
  });

  test("says in one sentence that the process that wrote it is gone", async () => {
    const pid = await endedProcess();
    await writeFile(path, JSON.stringify(stackOf(pid)));
    await expect(readStackFile(path)).rejects.toThrow(
      new CommandError(
        `no local stack is running (${path} was left behind by process ${pid}, which is gone); start one with npm start`,
      ),
    );
  });

  test.for(["", "{", "null", '{"ready":true}'])("refuses %j", async (text) => {
    await writeFile(path, text);
    await expect(readStackFile(path)).rejects.toThrow(
      /^.*stack\.json is not what this version's npm start writes/,
    );
  });
});

test("a stack whose ports nobody listens on is not running, although another program has its process id", async () => {
  const port = await unusedPort();
  await writeFile(path, JSON.stringify(stackOf(process.pid, port)));
  await expect(localTarget(path)).rejects.toThrow(
    new CommandError(
      `no local stack is running (nothing listens on http://127.0.0.1:${port}, which ${path} names); ` +
        "start one with npm start, or name a deployed one with --stack",
    ),
  );
});

function stackOf(main: number, port = 1): StackFile {
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    ready: true,
    mysql: { host: "127.0.0.1", port: 3306, user: "root", password: "p" },
    aws: {
      region: "us-east-1",
      accessKeyId: "local",
      secretAccessKey: "local",
      sqsEndpoint: endpoint,
      dynamodbEndpoint: endpoint,
      s3Endpoint: endpoint,
      secretsManagerEndpoint: endpoint,
    },
    environments: { staging: { users: [{ user: "u", password: "p" }], queues: { billing: "q" } } },
    tables: { offsets: "o", failures: "f", sessions: "s" },
    payloadBucket: "payloads",
    processes: { main },
  };
}

/**
 * The id of a process that has just ended. Linux assigns ids in ascending order, so it does not
 * assign this one again soon.
 */
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "close");
  return child.pid ?? 0;
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
