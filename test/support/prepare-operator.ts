import { rmSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import type { TestProject } from "vitest/node";
import { REPOSITORY_ROOT } from "../../infra/stack/resources/repository-root.ts";
import { runFolder } from "./run-folder.ts";

/**
 * Bundles the operators' program before the first test and, with `--watch`, before each further
 * run: a command then takes half of the processor time that it takes from the sources.
 * `OPERATOR_BUNDLE` names its folder, where the commands also keep what Node compiles.
 */
export function setup(project: TestProject): () => void {
  const folder = runFolder("binlog-router-operator-bundle");
  bundleOperator(folder);
  project.onTestsRerun(() => bundleOperator(folder));
  process.env["OPERATOR_BUNDLE"] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

function bundleOperator(folder: string): void {
  buildSync({
    absWorkingDir: REPOSITORY_ROOT,
    entryPoints: ["operator/main.ts"],
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    // A command loads what it needs, as from the sources.
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node24",
    mainFields: ["module", "main"],
    // The files that the commands use by default are those of the checkout.
    define: { "import.meta.dirname": JSON.stringify(join(REPOSITORY_ROOT, "operator/shared")) },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: "warning",
  });
}
