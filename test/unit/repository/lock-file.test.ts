import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >;
}

it("names every optional package, also those of other platforms, because npm ci refuses a lock file that lacks one", async () => {
  const url = new URL("../../../package-lock.json", import.meta.url);
  const { packages } = JSON.parse(await readFile(url, "utf8")) as LockFile;
  const absent = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(packages, path, name)),
  );
  expect(absent).toEqual([]);
});

/** Whether Node finds package `name` when `path` requires it: in that folder or in one above. */
function isLocked(packages: LockFile["packages"], path: string, name: string): boolean {
  if (packages[`${path === "" ? "" : `${path}/`}node_modules/${name}`] !== undefined) return true;
  if (path === "") return false;
  return isLocked(packages, path.slice(0, Math.max(0, path.lastIndexOf("/node_modules/"))), name);
}
