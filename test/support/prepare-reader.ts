import { rmSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { bundleReader } from "../../infra/bundles/bundle.ts";
import { runFolder } from "./run-folder.ts";

/**
 * Bundles the reader as it is deployed, before the first test and, with `--watch`, before each
 * further run: the many readers that tests start take two thirds of the processor time that the
 * sources take. `READER_BUNDLE` names its folder, where they also keep what Node compiles.
 */
export function setup(project: TestProject): () => void {
  const folder = runFolder("binlog-router-reader-bundle");
  const make = (): void => bundleReader(folder);
  make();
  project.onTestsRerun(make);
  process.env["READER_BUNDLE"] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
