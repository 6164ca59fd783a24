import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { compileCache } from "../../infra/local/process/compile-cache.ts";

const ROOT = join(import.meta.dirname, "../..");
const TETHER = "infra/local/process/tether.ts";
const PROGRAMS = [
  ["reader/main.ts"],
  ["infra/local/lambda/function-host.ts", "functions/main/route.ts"],
];

/**
 * Puts the sources of reader and route function into Node's compile cache: both programs end for
 * want of settings. A process that finds one source uncompiled loads what strips the types, and
 * takes about 15 MB more from then on. The deployed ones run bundles without types.
 */
export async function compileSources(): Promise<void> {
  for (const program of PROGRAMS) {
    const child = spawn(process.execPath, ["--import", `./${TETHER}`, ...program], {
      cwd: ROOT,
      env: { PATH: process.env["PATH"], ...compileCache() },
      stdio: "ignore",
    });
    await once(child, "close");
  }
}
