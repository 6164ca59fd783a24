import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");
const WORKFLOW = readFileSync(join(ROOT, ".github/workflows/release.yml"), "utf8");
const REPOSITORY = "example/binlog-router";

/** The shell lines of a step of the release workflow. */
function stepOf(name: string): string {
  const [, rest = ""] = WORKFLOW.split(`- name: ${name}\n        run: |\n`);
  const [script = ""] = rest.split(/^ {6}- /m);
  return script.replaceAll(/^ {10}/gm, "");
}

test("a release's packages name the repository, and their pages link into it at the release's tag", () => {
  const directory = mkdtempSync(join(tmpdir(), "release-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const folder of ["client", "infra/cdk"]) {
    mkdirSync(join(directory, folder), { recursive: true });
    for (const file of ["package.json", "README.md"])
      cpSync(join(ROOT, folder, file), join(directory, folder, file));
  }
  cpSync(join(ROOT, "CHANGELOG.md"), join(directory, "CHANGELOG.md"));
  const script = stepOf("The packages as npm would get them");
  const [prepared = ""] = script.split(/^ *npm pack$/m);
  expect(prepared).not.toBe(script);
  const variables = {
    GITHUB_REPOSITORY: REPOSITORY,
    GITHUB_REF_NAME: "v0.1.0",
    GITHUB_WORKSPACE: directory,
  };
  execFileSync("bash", ["-e", "-c", `${prepared}\n); done`], {
    cwd: directory,
    env: { ...process.env, ...variables },
  });
  for (const folder of ["client", "infra/cdk"]) {
    const read = (file: string) => readFileSync(join(directory, folder, file), "utf8");
    expect(JSON.parse(read("package.json"))).toMatchObject({
      repository: {
        type: "git",
        url: `git+https://github.com/${REPOSITORY}.git`,
        directory: folder,
      },
    });
    const links = [...read("README.md").matchAll(/\]\(([^)#][^)]*)\)/g)].map(([, link]) => link);
    const inRepository = links.filter((link) => link?.includes(REPOSITORY));
    expect(inRepository.length).toBeGreaterThan(0);
    for (const link of inRepository)
      expect(link).toMatch(new RegExp(`^https://github.com/${REPOSITORY}/blob/v0.1.0/[^.]`));
    expect(links.filter((link) => !link?.startsWith("https://"))).toEqual([]);
    expect(read("CHANGELOG.md")).toContain("# Changelog");
  }
});

test("a release is published with provenance, and by npm's trust in the workflow, without a token", () => {
  expect(WORKFLOW).toMatch(/^ {6}id-token: write$/m);
  expect(WORKFLOW.match(/run: npm publish .* --provenance --access public$/gm)).toHaveLength(2);
  expect(WORKFLOW).not.toMatch(/NPM_TOKEN|NODE_AUTH_TOKEN/);
});
