import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../../support/client/run.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const program = (name: string): string => join(root, "node_modules/.bin", name);

/**
 * The app of infra/cdk/README.md without the check of CloudFormation's rules, which
 * `test/infra/stack/security.test.ts` covers.
 */
async function appOfTheReadme(): Promise<string> {
  const readme = await readFile(join(root, "infra/cdk/README.md"), "utf8");
  const [, app] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  if (app === undefined) throw new Error("infra/cdk/README.md has no app");
  return app.replace("new App()", "new App({ builtinCloudFormationValidation: false })");
}

function role(name: string): string {
  return `"arn:aws:iam::111122223333:role/${name}"`;
}

/** The same app with every reader listed. */
function withReaders(app: string): string {
  return app
    .replace('["app_staging"] }', `["app_staging"], consumers: [${role("billing")}] }`)
    .replace(
      "  vpc,\n  database,\n});\n\nconst billing",
      () => `  vpc,\n  database,\n  operators: [${role("operators")}],\n});\n\nconst billing`,
    );
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
}

interface Template {
  readonly Resources: Readonly<
    Record<
      string,
      {
        readonly Type: string;
        readonly Properties?: {
          readonly PolicyDocument?: { readonly Statement: readonly Statement[] };
        };
      }
    >
  >;
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
    const app = await appOfTheReadme();
    await writeFile(join(project, "app.ts"), app);
    await writeFile(join(project, "closed.ts"), withReaders(app));
    const quiet = ["--prefer-offline", "--no-audit", "--no-fund"];
    await run("npm", ["install", "--legacy-peer-deps", ...quiet, tarball], { cwd: project });
    // Links dependencies that an app already has instead of downloading them again.
    for (const peer of ["aws-cdk-lib", "constructs", "@types"]) {
      await symlink(join(root, "node_modules", peer), join(project, "node_modules", peer));
    }
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  it("passes publint and are-the-types-wrong", async () => {
    await run(program("publint"), ["--strict", tarball], { cwd: directory });
    await run(program("attw"), [tarball, "--profile", "esm-only"], { cwd: directory });
  });

  /** The template that a compiled app synthesizes into a folder. */
  async function synthesized(app: string, output: string): Promise<Template> {
    await run(process.execPath, [app], {
      cwd: project,
      env: { PATH: process.env["PATH"], HOME: directory, CDK_OUTDIR: output },
    });
    return JSON.parse(await readFile(join(output, "Shop.template.json"), "utf8")) as Template;
  }

  it("synthesizes in TypeScript", async () => {
    await run(
      program("tsc"),
      [
        "--ignoreConfig",
        "--strict",
        "--skipLibCheck",
        "--module",
        "nodenext",
        "app.ts",
        "closed.ts",
      ],
      { cwd: project },
    );
    const output = join(project, "cdk.out");
    const { Resources, Outputs } = await synthesized("app.js", output);
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

  it("closes the resources that hold rows, in an app without this repository's feature flags", async () => {
    const { Resources } = await synthesized("closed.js", join(project, "closed.out"));
    const policies = (type: string) =>
      Object.values(Resources)
        .filter(({ Type }) => Type === type)
        .map(({ Properties }) => Properties?.PolicyDocument?.Statement ?? []);
    const queues = policies("AWS::SQS::QueuePolicy");
    expect(queues).toHaveLength(8);
    for (const statements of queues) {
      // SQS's limits for a policy.
      expect(statements.length).toBeLessThanOrEqual(20);
      for (const { Action } of statements) expect([Action].flat().length).toBeLessThanOrEqual(7);
    }
    const denials = policies("AWS::S3::BucketPolicy")
      .flat()
      .filter(({ Effect, Action }) => Effect === "Deny" && Action === "s3:*Object*");
    // For staging's messages, frames, failures and XA transactions.
    expect(denials).toHaveLength(4);
  });

  it("can be required by a CommonJS app", async () => {
    const script = 'console.log(typeof require("@binlog-router/cdk").BinlogRouter)';
    const printed = await run(process.execPath, ["--input-type=commonjs", "--eval", script], {
      cwd: project,
    });
    expect(printed).toBe("function\n");
  });
});
