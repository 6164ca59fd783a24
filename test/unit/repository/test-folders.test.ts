import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");

/** Test folders without a source folder: they test promises of the whole or of the repository. */
const NAMED_AFTER_PROMISES = ["integration/attribution", "integration/values", "unit/repository"];

it("tests lie in folders that are named like those of the source", () => {
  const folders = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
    .filter((path) => /^(unit|integration|infra)\/.*\.test\.ts$/.test(path))
    .map((path) => dirname(path));
  expect(folders.length).toBeGreaterThan(100);
  const strange = [...new Set(folders)].filter((folder) => {
    const source = folder.replace(/^(unit|integration)\//, "");
    return !NAMED_AFTER_PROMISES.includes(folder) && !existsSync(join(ROOT, source));
  });
  expect(strange).toEqual([]);
});
