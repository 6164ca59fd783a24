import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Template } from "../../../infra/local/template/template.ts";
import { REPOSITORY_ROOT } from "../../../infra/stack/resources/repository-root.ts";
import { synthesize } from "../../../infra/local/template/synthesize.ts";
import { exampleConfiguration } from "../../support/example-stack.ts";

const STACK = "binlog-router-shop";

/** An address without a listener: any network access during the synthesis fails. */
const NO_NETWORK = "http://127.0.0.1:9";

describe("cdk synth", () => {
  let folder: string;
  /** The folder of the assembly that is made under a strict umask. */
  let output: string;
  let messages: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "binlog-router-cdk-out-"));
    output = join(folder, "077");
    messages = await cdkSynth(folder, "077");
    messages += await cdkSynth(folder, "022");
  }, 600_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("works without a network and warns of nothing", () => {
    expect(messages).not.toMatch(/warning|error|deprecat/i);
  });

  it("makes the template that the local run uses, except for the code's hashes", async () => {
    const deployed = await readTemplate(output);
    const { template } = synthesize(exampleConfiguration());
    expect(withoutCode(deployed)).toEqual(withoutCode(template));
  });

  it("bundles each part into one ES module with a source map", async () => {
    const assets = (await readdir(output)).filter((name) => name.startsWith("asset."));
    const files = await Promise.all(assets.map((asset) => readdir(join(output, asset))));
    expect(files.map((names) => names.sort().join(" ")).sort()).toEqual([
      "Dockerfile main.mjs main.mjs.map",
      "index.mjs index.mjs.map",
      "index.mjs index.mjs.map",
    ]);
  });

  it("makes bundles that take little memory: one byte a character, and maps of our code", async () => {
    const files = await readdir(output, { recursive: true, withFileTypes: true });
    const texts = await Promise.all(
      files
        .filter(({ name }) => name.endsWith(".mjs") || name.endsWith(".mjs.map"))
        .map(async ({ parentPath, name }) => ({
          name,
          text: await readFile(join(parentPath, name), "utf8"),
        })),
    );
    const maps = texts.filter(({ name }) => name.endsWith(".map"));
    expect(maps).toHaveLength(3);
    for (const { text } of maps) {
      const { sources } = JSON.parse(text) as { readonly sources: readonly string[] };
      expect(sources.length).toBeGreaterThan(10);
      expect(sources.filter((source) => source.includes("node_modules"))).toEqual([]);
      expect(text.length).toBeLessThan(600_000);
    }
    for (const { name, text } of texts) expect(text.match(/[\u0100-\uffff]/g), name).toBeNull();
  });

  it("keeps the names of private methods, which stack traces show", async () => {
    const bundles = (await readdir(output, { recursive: true })).filter((name) =>
      name.endsWith(".mjs"),
    );
    expect(bundles).toHaveLength(3);
    for (const name of bundles)
      expect(await readFile(join(output, name), "utf8"), name).toMatch(/#[a-z][A-Za-z]{5,}\(/);
  });

  it("lets every user read the bundles, whatever the umask is", async () => {
    const entries = await readdir(output, { recursive: true, withFileTypes: true });
    const files = entries.filter((one) => one.isFile() && one.parentPath.includes("asset."));
    expect(files).toHaveLength(7);
    for (const { parentPath, name } of files) {
      const { mode } = await stat(join(parentPath, name));
      expect((mode & 0o444).toString(8), name).toBe("444");
    }
  });

  it("makes the same assets, with the same hashes and modes, under any umask", async () => {
    expect(await assetsOf(join(folder, "022"))).toEqual(await assetsOf(output));
  });

  it("makes bundles of the functions that load", async () => {
    const { Resources } = await readTemplate(output);
    const bundles = Object.values(Resources).flatMap(({ Type, Metadata }) =>
      Type === "AWS::Lambda::Function" ? [String(Metadata?.["aws:asset:path"])] : [],
    );
    expect(bundles).toHaveLength(2);
    for (const bundle of bundles) {
      const started = promisify(execFile)(process.execPath, [join(output, bundle, "index.mjs")]);
      // The function reports its missing variables, which shows that its code was found and runs.
      await expect(started).rejects.toMatchObject({
        stderr: expect.stringContaining("RAW_QUEUE_URL"),
      });
    }
  });
});

/** Runs `cdk synth` under a umask, in a folder named after it. Returns the output. */
async function cdkSynth(folder: string, umask: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(
    "sh",
    [
      "-c",
      `umask ${umask} && exec "$0" "$@"`,
      join(REPOSITORY_ROOT, "node_modules/.bin/cdk"),
      "synth",
      "--quiet",
      "--output",
      join(folder, umask),
      "--no-notices",
      "--no-version-reporting",
    ],
    {
      cwd: REPOSITORY_ROOT,
      env: {
        PATH: process.env["PATH"],
        HOME: folder,
        CDK_DISABLE_CLI_TELEMETRY: "true",
        HTTPS_PROXY: NO_NETWORK,
        HTTP_PROXY: NO_NETWORK,
      },
    },
  );
  return stdout + stderr;
}

/** The assets' files with their modes. The folders are named after the assets' hashes. */
async function assetsOf(assembly: string): Promise<string[]> {
  const names = await readdir(assembly, { recursive: true });
  const inside = names.filter((name) => /^asset\..*\//.test(name)).sort();
  return Promise.all(
    inside.map(async (name) => {
      const { mode } = await stat(join(assembly, name));
      return `${name} ${mode.toString(8)}`;
    }),
  );
}

async function readTemplate(directory: string): Promise<Template> {
  const text = await readFile(join(directory, `${STACK}.template.json`), "utf8");
  return JSON.parse(text) as Template;
}

/** The template without the references to the code and its assets. */
function withoutCode({ Resources, ...template }: Template): unknown {
  const resources = Object.entries(Resources).map(([id, { Metadata, ...resource }]) => {
    const { "binlog-router:part": part } = Metadata ?? {};
    return [id, JSON.parse(JSON.stringify({ ...resource, part }, withoutHashes)) as unknown];
  });
  return { ...template, Resources: Object.fromEntries(resources) as unknown };
}

function withoutHashes(key: string, value: unknown): unknown {
  return key === "Image" || key === "S3Key" ? undefined : value;
}
