import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (name: string): string =>
  readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");

/**
 * The parts of a document that a translation keeps in order: the depths of headings, the blocks of
 * code and the number of cells of each table row; and the files that it links to, sorted.
 */
function skeleton(text: string): Readonly<Record<string, readonly string[]>> {
  const blocks = [...text.matchAll(/^```.*?^```$/gms)].map(([block]) => block);
  const prose = text.replaceAll(/^```.*?^```$/gms, "");
  const rows = [...prose.matchAll(/^\|(.*)\|$/gm)].map(([, cells = ""]) => cells.split("|"));
  const files = [...prose.matchAll(/\]\(([^)]+)\)/g)].map(([, file = ""]) => file);
  return {
    headings: [...prose.matchAll(/^(#+) /gm)].map(([, depth = ""]) => depth),
    blocks,
    // Each README links to the other one.
    files: files.filter((file) => !/^README(\.zh-CN)?\.md$/.test(file)).sort(),
    columns: rows.map((cells) => String(cells.length)),
  };
}

test("README.zh-CN.md has the headings, commands, links and tables of README.md", () => {
  expect(skeleton(read("README.zh-CN.md"))).toEqual(skeleton(read("README.md")));
});

test("the two link to each other", () => {
  expect(read("README.md")).toContain("](README.zh-CN.md)");
  expect(read("README.zh-CN.md")).toContain("](README.md)");
});
