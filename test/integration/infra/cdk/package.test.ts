import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../../support/client/run.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const program = (name: string): string => join(root, "node_modules/.bin", name);

/**
 * The app of infra/cdk/README.md, without the check of CloudFormation's rules, which
 * `test/infra/stack/security.test.ts` makes.
 */
async function appOfTheReadme(): Promise<string> {
  const readme = await readFile(join(root, "infra/cdk/README.md"), "utf8");
  const [, app] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  if (app === undefined) throw new Error("infra/cdk/README.md has no app");
  return app.replace("new App()", "new App({ builtinCloudFormationValidation: false })");
}

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string }>>;
  readonly Outputs: Readonly<Record<string, unknown>>;
}

describe("the package of the construct, packed and installed into an empty CDK app", () => {
  let directory: string;
  let project: string;
  let tarball: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "binlog-router-cdk-"));
    await run("npm", ["pack", "--silent", "--pack-destination", directory], {
      cwd: join(root, "infra/cdk"),
    });
    const [file = ""] = await readdir(directory);
    tarball = join(directory, file);
    project = join(directory, "app");
    await mkdir(project);
    await writeFile(join(project, "package.json"), '{ "type": "module", "private": true }');
    await writeFile(join(project, "app.ts"), await appOfTheReadme());
    const quiet = ["--prefer-offline", "--no-audit", "--no-fund"];
    await run("npm", ["install", "--legacy-peer-deps", ...quiet, tarball], { cwd: project });
    // What an app has already, without downloading it again.
    for (const peer of ["aws-cdk-lib", "constructs", "@types"]) {
      await symlink(join(root, "node_modules", peer), join(project, "node_modules", peer));
    }
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  it("is clean for publint and are-the-types-wrong", async () => {
    await run(program("publint"), ["--strict", tarball], { cwd: directory });
    await run(program("attw"), [tarball, "--profile", "esm-only"], { cwd: directory });
  });

  it("synthesizes in TypeScript", async () => {
    await run(
      program("tsc"),
      ["--ignoreConfig", "--strict", "--skipLibCheck", "--module", "nodenext", "app.ts"],
      { cwd: project },
    );
    const output = join(project, "cdk.out");
    await run(process.execPath, ["app.js"], {
      cwd: project,
      env: { PATH: process.env["PATH"], HOME: directory, CDK_OUTDIR: output },
    });
    const text = await readFile(join(output, "Shop.template.json"), "utf8");
    const { Resources, Outputs } = JSON.parse(text) as Template;
    const count = (type: string) =>
      Object.values(Resources).filter(({ Type }) => Type === type).length;
    expect(count("AWS::SQS::Queue")).toBe(8);
    expect(count("AWS::ECS::Service")).toBe(1);
    expect(Object.keys(Outputs)).toContain("QueueBillingStaging");
    const assets = (await readdir(output)).filter((name) => name.startsWith("asset."));
    const files = await Promise.all(assets.map((asset) => readdir(join(output, asset))));
    expect(files.map((names) => names.sort().join(" ")).sort()).toEqual([
      "Dockerfile main.mjs main.mjs.map",
      "index.mjs index.mjs.map",
      "index.mjs index.mjs.map",
    ]);
  });

  it("can be required by a CommonJS app", async () => {
    const script = 'console.log(typeof require("@binlog-router/cdk").BinlogRouter)';
    const printed = await run(process.execPath, ["--input-type=commonjs", "--eval", script], {
      cwd: project,
    });
    expect(printed).toBe("function\n");
  });
});
