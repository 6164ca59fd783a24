import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findNode } from "../../support/client/node-versions.ts";
import { startRouter, type Router } from "../../support/client/router.ts";
import { run } from "../../support/client/run.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const program = (name: string): string => join(root, "node_modules/.bin", name);

const JAVASCRIPT = `
import { subscribe } from "@binlog-router/client";
const subscription = await subscribe("billing", (change) => console.log(change.op, { id: change.after.id }));
await subscription.finished;
`;
const TYPESCRIPT = `
import { subscribe } from "@binlog-router/client";
interface Order { id: bigint }
await subscribe<{ "shop.orders": Order }>("billing", ({ op, after }) => console.log(op, { id: after?.id }));
`;

/** An application that handles compressed messages. */
const COMPRESSED = `
import { subscribe } from "@binlog-router/client";
const subscription = await subscribe("packed", ({ after }) => console.log(after.id, after.note.length));
subscription.finished.catch((error) => console.log(error.name, error.message));
`;

describe("the package, packed and installed into an empty project", () => {
  let router: Router;
  let directory: string;
  let project: string;
  let tarball: string;
  let tables = 0;

  beforeAll(async () => {
    router = await startRouter({
      billing: { tables: ["shop.*"], ddl: "none" },
      packed: { tables: ["shop.long_*"], ddl: "none", encoding: "zstd" },
    });
    directory = await mkdtemp(join(tmpdir(), "binlog-router-client-"));
    const packed = await run(
      "npm",
      ["pack", "--json", "--silent", "--pack-destination", directory],
      {
        cwd: join(root, "client"),
      },
    );
    tarball = join(directory, tarballName(packed));
    project = join(directory, "application");
    await mkdir(project);
    await writeFile(join(project, "package.json"), '{ "type": "module", "private": true }');
    await writeFile(join(project, "app.js"), JAVASCRIPT);
    await writeFile(join(project, "typed.ts"), TYPESCRIPT);
    await writeFile(join(project, "compressed.js"), COMPRESSED);
    await run(
      "npm",
      ["install", "--prefer-offline", "--no-audit", "--no-fund", tarball, "@types/node@24"],
      {
        cwd: project,
      },
    );
  });

  afterAll(async () => {
    await router[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  it("passes publint and are-the-types-wrong", async () => {
    await run(program("publint"), ["--strict", tarball], { cwd: directory });
    await run(program("attw"), [tarball, "--profile", "esm-only"], { cwd: directory });
  });

  it.each([20, 24])("receives changes in JavaScript on Node %i", async (major) => {
    const node = await findNode(major, directory);
    expect(await firstLine(node, "app.js")).toBe("c { id: 18446744073709551615n }");
  });

  it("receives compressed messages on a Node that can read them, and stops with an explanation on others", async () => {
    const [from20, from24] = await Promise.all([20, 24].map((major) => findNode(major, directory)));
    // This script runs first, because it leaves the message in the queue.
    expect(await firstLine(from20 ?? "", "compressed.js", 10_000)).toMatch(
      /^UnsupportedMessageVersionError .*the message stays in the queue.* Node v20\.\d+\.\d+ cannot read: run the application with Node 22\.15 or later/,
    );
    expect(await firstLine(from24 ?? "", "compressed.js", 10_000)).toBe(
      "18446744073709551615n 10000",
    );
  });

  it.each(["nodenext", "bundler"])("receives changes in TypeScript with %s", async (resolution) => {
    const module = resolution === "bundler" ? "esnext" : "nodenext";
    const outDir = `built-${resolution}`;
    const target = ["--target", "es2022", "--lib", "es2020"]; // an application may have old types
    const options = ["--strict", ...target, "--types", "node", "--outDir", outDir];
    await run(
      program("tsc"),
      [
        "--ignoreConfig",
        ...options,
        "--module",
        module,
        "--moduleResolution",
        resolution,
        "typed.ts",
      ],
      { cwd: project },
    );
    const node = await findNode(20, directory);
    expect(await firstLine(node, join(outDir, "typed.js"))).toBe("c { id: 18446744073709551615n }");
  });

  /** The application's first line of output, after staging's user has inserted a row. */
  async function firstLine(node: string, script: string, noteLength = 0): Promise<string> {
    await using connection = await router.connectAs("staging");
    // Each run uses a new table and so a new message group: the group of the previous application's
    // message stays locked for a while.
    const table = `${noteLength === 0 ? "orders" : "long"}_${++tables}`;
    await connection.query(`CREATE TABLE ${table} (id BIGINT UNSIGNED PRIMARY KEY, note TEXT)`);
    const application = spawn(node, [script], {
      cwd: project,
      env: router.variablesOf("staging"),
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await connection.query(
        `INSERT INTO ${table} VALUES (18446744073709551615, REPEAT("x", ${noteLength}))`,
      );
      const [line] = (await once(createInterface(application.stdout), "line")) as [string];
      return line;
    } finally {
      application.kill("SIGKILL");
      await once(application, "exit");
    }
  }
});

/**
 * The name of the file that `npm pack --json` made. npm 12 prints an object by package names;
 * earlier versions print an array.
 */
function tarballName(json: string): string {
  const packed = JSON.parse(json.slice(json.search(/^[[{]/m))) as Record<
    string,
    { filename: string }
  >;
  const [only] = Object.values(packed);
  if (only === undefined) throw new Error("npm packed nothing");
  return only.filename;
}
