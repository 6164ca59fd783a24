import { delimiter, join } from "node:path";
import { run } from "./run.ts";

/**
 * Returns the path of a Node.js of that major version: one on the PATH, or else the npm registry's
 * package, installed into `directory`.
 */
export async function findNode(major: number, directory: string): Promise<string> {
  const candidates = [
    process.execPath,
    ...(process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "node")),
  ];
  for (const candidate of new Set(candidates)) {
    if (await isMajor(candidate, major, directory)) return candidate;
  }
  const name = `node-linux-${process.arch}`;
  await run("npm", ["install", "--no-save", "--no-audit", "--no-fund", `${name}@${major}`], {
    cwd: directory,
  });
  return join(directory, "node_modules", name, "bin", "node");
}

async function isMajor(program: string, major: number, cwd: string): Promise<boolean> {
  try {
    return (await run(program, ["--version"], { cwd })).startsWith(`v${major}.`);
  } catch {
    return false;
  }
}
