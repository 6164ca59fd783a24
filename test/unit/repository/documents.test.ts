import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");

/** Paths that .gitignore lists: they may be missing. */
const MADE = /^(\.local|\.cache|node_modules|cdk\.out)(\/|$)/;

const folders = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

function documents(): string[] {
  const others = ["docs", "client", "examples", "infra", ".github"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".md") && !/(^|\/)(node_modules|dist)\//.test(path))
      .map((path) => join(folder, path)),
  );
  return [...readdirSync(ROOT).filter((name) => name.endsWith(".md")), ...others];
}

function exists(path: string): boolean {
  return MADE.test(path) || existsSync(join(ROOT, path));
}

describe.each(documents())("%s", (document) => {
  const text = readFileSync(join(ROOT, document), "utf8");

  it("links to files that are there", () => {
    const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link = ""]) => link);
    const own = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(own.filter((link) => !exists(join(dirname(document), link)))).toEqual([]);
  });

  it("names files and folders that are there", () => {
    const named = [...text.matchAll(/`(\.?[\w-]+\/[\w./-]*)`/g)].map(([, path = ""]) => path);
    const own = named.filter((path) => folders.includes(path.slice(0, path.indexOf("/"))));
    // A workspace package's document may name files relative to its folder.
    const absent = own.filter((path) => !exists(path) && !exists(join(dirname(document), path)));
    expect(absent).toEqual([]);
  });
});
