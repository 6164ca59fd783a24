import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { startLocalAws } from "@binlog-router/local-aws";
import { binlogRouter, binlogRouterOn, packageJson, stackFileOf } from "../../support/operator.ts";

// The program as it is started from a checkout, not the bundle of the other tests.
delete process.env["OPERATOR_BUNDLE"];

/** The commands that have their own npm script. */
const ALIASES = Object.values(packageJson.scripts).flatMap((script) => {
  const [, name] = / operator\/main\.ts ([a-z]+)$/.exec(script) ?? [];
  return name ?? [];
});

describe("binlog-router", () => {
  test("--help lists the commands", async () => {
    const { code, out } = await binlogRouter(["--help"]);
    expect(code).toBe(0);
    const commands = Array.from(out.matchAll(/^ {2}([a-z]+) \[options\]/gm), ([, name]) => name);
    expect(commands.length).toBeGreaterThan(7);
    expect(commands).toEqual(ALIASES.toSorted((one, other) => (one < other ? -1 : 1)));
    expect(out).toContain(`npm run ${commands.join("|")} -- …`);
  });

  test.for(ALIASES)("%s --help has options, examples and exit codes", async (name) => {
    const { code, out } = await binlogRouter([name, "--help"]);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^Usage: binlog-router ${name} `));
    expect(out).toContain("--json");
    expect(out).toContain(`Examples:\n  npm run ${name} -- `);
    expect(out).toMatch(/\nExit code: 0 .*; 2 .*\.\n$/);
  });

  test("a subcommand's --help has the options of its command", async () => {
    const { out } = await binlogRouter(["failures", "discard", "--help"]);
    for (const option of ["--all", "--yes", "--stack <name>", "--local <file>", "--json"]) {
      expect(out).toContain(option);
    }
  });

  test.for(ALIASES)("npm run %s is its command", (name) => {
    // The compiled program is kept: the next command then starts in a third of the time.
    const env = "NODE_COMPILE_CACHE=node_modules/.cache/node-compile";
    expect(packageJson.scripts[name]).toBe(
      `node infra/local/setup.cjs && exec env ${env} node ${packageJson.bin["binlog-router"]} ${name}`,
    );
  });

  test.for([
    [["nothing"], /unknown command 'nothing'/],
    [["doctor", "--nothing"], /unknown option '--nothing'/],
    [["offsets", "set", "--now", "--oldest"], /cannot be used with/],
  ] as const)("%j is answered with exit code 2", async ([args, sentence]) => {
    const { code, problem } = await binlogRouter(args);
    expect({ code, problem }).toEqual({ code: 2, problem: expect.stringMatching(sentence) });
  });
});

describe("against a stack that was killed", () => {
  test.for([
    ["failures", "list"],
    ["offsets", "show"],
    ["offsets", "set", "--now", "--yes"],
  ])("%s %s says in one sentence that no stack runs, with exit code 2", async (args) => {
    const killed = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    await once(killed, "close");
    const main = killed.pid ?? 0;
    const aws = await startLocalAws();
    await aws[Symbol.asyncDispose]();
    const stack = { ...stackFileOf(aws), processes: { main } };
    const { code, out, problem } = await binlogRouterOn(stack, ...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(problem).toMatch(
      new RegExp(
        `^no local stack is running \\(/.*/stack\\.json was left behind by process ${main}, which is gone\\); ` +
          "start one with npm start, or name a deployed one with --stack\n$",
      ),
    );
  });
});
