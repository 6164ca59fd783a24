import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { REPOSITORY_ROOT } from "../../infra/stack/resources/repository-root.ts";

const READER = "infra/bundles/reader-image/Dockerfile";
const DOCKERFILES = ["Dockerfile", READER];

const read = (path: string): string => readFileSync(join(REPOSITORY_ROOT, path), "utf8");

test.each(DOCKERFILES)("%s names its base image by tag and digest", (path) => {
  const bases = read(path).match(/^FROM .*$/gm) ?? [];
  expect(bases.length).toBeGreaterThan(0);
  for (const base of bases) expect(base).toMatch(/:24-[a-z-]+@sha256:[0-9a-f]{64}$/);
});

test("the authorities of RDS are pinned by their checksum", () => {
  const downloads = read(READER).match(/^ADD .*https:.*$/gm) ?? [];
  expect(downloads).toHaveLength(1);
  expect(downloads[0]).toMatch(/ --checksum=sha256:[0-9a-f]{64} /);
});

test("Dependabot raises the digest of each Dockerfile", () => {
  const { updates } = parse(read(".github/dependabot.yml")) as {
    updates: { "package-ecosystem": string; directories?: string[] }[];
  };
  const docker = updates.find((one) => one["package-ecosystem"] === "docker");
  const watched = (docker?.directories ?? []).map((folder) => join(folder, "Dockerfile").slice(1));
  expect(watched.sort()).toEqual([...DOCKERFILES].sort());
});

// Runs the workflow's step with a fake `curl` that returns another list.
let checkout: string;
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "authorities-"));
  mkdirSync(join(checkout, "infra/bundles/reader-image"), { recursive: true });
  writeFileSync(join(checkout, READER), read(READER));
});
afterEach(() => rmSync(checkout, { recursive: true }));

/** Runs the step that updates the checksum, where AWS publishes `list`. */
function raise(list: string): void {
  const { jobs } = parse(read(".github/workflows/authorities.yml")) as {
    jobs: { raise: { steps: { name?: string; run?: string }[] } };
  };
  const step = jobs.raise.steps.find(({ name }) => name === "The checksum of the present list");
  const bin = join(checkout, "bin");
  mkdirSync(bin);
  writeFileSync(join(checkout, "aws.pem"), list);
  writeFileSync(join(bin, "curl"), "#!/bin/sh\nexec cp aws.pem list.pem\n");
  chmodSync(join(bin, "curl"), 0o755);
  execFileSync("bash", ["-e", "-c", step?.run ?? "exit 1"], {
    cwd: checkout,
    env: { PATH: `${bin}:${process.env["PATH"]}` },
    stdio: "pipe",
  });
}

test("the workflow writes the checksum of AWS's present list, and nothing else", () => {
  const list = "-----BEGIN CERTIFICATE-----\nother\n-----END CERTIFICATE-----\n";
  raise(list);
  const raised = readFileSync(join(checkout, READER), "utf8");
  const sum = createHash("sha256").update(list).digest("hex");
  expect(raised).toContain(`--checksum=sha256:${sum} `);
  expect(raised.replace(sum, "")).toBe(read(READER).replace(/(?<=--checksum=sha256:)\w+/, ""));
  expect(existsSync(join(checkout, "list.pem"))).toBe(false);
});

test("the workflow keeps the checksum when the answer of AWS is not a list of certificates", () => {
  expect(() => raise("<html>")).toThrow();
  expect(readFileSync(join(checkout, READER), "utf8")).toBe(read(READER));
});
