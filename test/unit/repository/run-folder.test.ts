import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runFolder } from "../../support/run-folder.ts";

test("a run's folder is empty, and those of killed runs are gone", () => {
  const parent = mkdtempSync(join(tmpdir(), "run-folder-"));
  onTestFinished(() => rmSync(parent, { recursive: true }));
  const beyondAnyProcess = 2 ** 22 + 1;
  const others = [`bundle-${process.ppid}`, "bundle-of-somebody", "bundles", "other-1"];
  for (const name of [...others, `bundle-${beyondAnyProcess}`, `bundle-${process.pid}/left`])
    mkdirSync(join(parent, name), { recursive: true });
  const folder = runFolder("bundle", parent);
  expect(readdirSync(folder)).toEqual([]);
  expect(readdirSync(parent).toSorted()).toEqual([...others, `bundle-${process.pid}`].toSorted());
});
