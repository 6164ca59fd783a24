import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

/** The parts of a checkout that the setup reads, without installed dependencies. */
async function checkout(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "setup-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await mkdir(join(directory, "infra/local"), { recursive: true });
  for (const file of ["package.json", "package-lock.json", "infra/local/setup.cjs"])
    await copyFile(file, join(directory, file));
  return directory;
}

/** Runs the setup. Returns its exit code and the last line of its output. */
function setUp(directory: string, args: readonly string[], environment: Record<string, string>) {
  const env = { ...process.env, npm_execpath: "", ...environment };
  const command = [join(directory, "infra/local/setup.cjs"), ...args];
  return new Promise<{ code: number; said: string }>((resolve) => {
    execFile(process.execPath, command, { env, cwd: directory }, (error, _out, problem) => {
      const said = problem.trimEnd().split("\n").at(-1) ?? "";
      resolve({ code: error === null ? 0 : Number(error.code), said });
    });
  });
}

test("without a network the first start says what to copy", async () => {
  const directory = await checkout();
  const { code, said } = await setUp(directory, [], {
    npm_config_registry: "http://127.0.0.1:1/",
    npm_config_cache: join(directory, "npm-cache"),
    npm_config_fetch_retries: "0",
  });
  expect(code).toBe(1);
  expect(said).toMatch(/^setup: npm ci failed \(exit code \d+\); its messages are above\./);
  expect(said).toContain("without a network, copy node_modules from a checkout");
});

test("setup names a checkout that cannot be written", async () => {
  const directory = await checkout();
  await writeFile(join(directory, ".cache"), "");
  const { code, said } = await setUp(directory, [], {});
  expect(code).toBe(1);
  expect(said).toContain(`dependencies are missing, and ${directory} cannot be written (EEXIST)`);
});

test("setup names a Node that is too old to install the packages", async () => {
  const directory = await checkout();
  const old = join(directory, "node");
  await writeFile(old, "#!/bin/sh\necho v18.20.4\n", { mode: 0o755 });
  const { code, said } = await setUp(directory, ["--locked"], { npm_node_execpath: old });
  expect({ code, said }).toEqual({
    code: 1,
    said: "setup: Node 20.19, 22.12 or later is needed; this is 18.20.4",
  });
});
