import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../../operator/shared/stack-file.ts";

/**
 * Makes an empty folder for this run of the tests. A run that is killed cannot remove its own: the
 * next one does.
 */
export function runFolder(name: string, parent = tmpdir()): string {
  for (const entry of readdirSync(parent)) {
    const pid = entry.startsWith(`${name}-`) ? Number(entry.slice(name.length + 1)) : NaN;
    if (Number.isSafeInteger(pid) && (pid === process.pid || !isAlive(pid)))
      rmSync(join(parent, entry), { recursive: true });
  }
  const folder = join(parent, `${name}-${process.pid}`);
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}
