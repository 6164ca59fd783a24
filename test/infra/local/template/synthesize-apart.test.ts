import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { onThisMachine } from "../../../../infra/local/request/local-configuration.ts";
import { synthesizeApart } from "../../../../infra/local/template/synthesize-apart.ts";
import { synthesize } from "../../../../infra/local/template/synthesize.ts";
import { exampleConfiguration } from "../../../support/example-stack.ts";

const ROOT = join(import.meta.dirname, "../../../..");

it("makes the same template as in the caller's thread", async () => {
  const mysql = { host: "127.0.0.1", port: 33_061, tls: "off" } as const;
  const config = onThisMachine(exampleConfiguration(), mysql);
  expect(await synthesizeApart(config)).toEqual(synthesize(config));
});

it("throws what the synthesis throws", async () => {
  await expect(synthesizeApart({} as never)).rejects.toThrow(TypeError);
});

it("leaves the CDK out of the process of npm start", async () => {
  const program = `
    const modules = () => Object.keys(createRequire("/").cache);
    import { createRequire } from "node:module";
    await import("./infra/local/stack.ts");
    console.log(modules().length, modules().filter((path) => path.includes("aws-cdk-lib")).length);
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--no-warnings", "--input-type=module", "--eval", program],
    { cwd: ROOT },
  );
  expect(stdout).toMatch(/^[1-9]\d* 0\n$/);
});
