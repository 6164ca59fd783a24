import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const read = (path: string) => readFileSync(join(import.meta.dirname, "../../..", path), "utf8");

interface Manifest {
  readonly version: string;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

const root = JSON.parse(read("package.json")) as Manifest;
const packages = ["client", "infra/cdk"].map(
  (folder) => JSON.parse(read(`${folder}/package.json`)) as Manifest,
);

describe("a release", () => {
  it("has one version in the repository, its packages and the changelog", () => {
    for (const { version } of packages) expect(version).toBe(root.version);
    expect(read("CHANGELOG.md")).toContain(`\n## [${root.version}] - `);
  });

  it("follows a section of unreleased changes", () => {
    expect(read("CHANGELOG.md").match(/^## .*/m)?.[0]).toBe("## [Unreleased]");
  });
});

it("the Node of .nvmrc is the one among the dependencies", () => {
  const majors = Object.values(root.optionalDependencies).map((version) => version.split(".")[0]);
  expect(new Set(majors)).toEqual(new Set([read(".nvmrc").trim()]));
});
