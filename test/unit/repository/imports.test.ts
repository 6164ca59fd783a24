import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { folderRows, layerTables, type FolderRow } from "../../support/repository/architecture.ts";
import { circles, importsOf, type Import } from "../../support/repository/imports.ts";

const ROOT = join(import.meta.dirname, "../../..");
const page = readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8");
const rows = folderRows(page);
const imports = importsOf(ROOT);
const sourceImports = imports.filter(({ from }) => !from.startsWith("test/"));

/** The table row for a file: the one with the longest path that contains the file. */
function rowOf(file: string): FolderRow {
  const matching = rows.filter(({ path }) => isIn(file, path));
  const [row] = matching.sort((a, b) => b.path.length - a.path.length);
  if (row === undefined) throw new Error(`ARCHITECTURE.md's table has no row for ${file}`);
  return row;
}

function isIn(file: string, path: string): boolean {
  return path.endsWith("/") ? file.startsWith(path) : file === path;
}

function described({ from, to }: Import): string {
  return `${from} imports ${to}`;
}

describe("the imports between the folders", () => {
  it("are those that ARCHITECTURE.md's table allows", () => {
    const forbidden = imports.flatMap((edge) => {
      const row = rowOf(edge.from);
      const allowed = row.mayImport === null || row === rowOf(edge.to);
      if (allowed || row.mayImport.some((path) => isIn(edge.to, path))) return [];
      return [
        `${described(edge)}; ${row.path} may import ${row.mayImport.join(", ") || "nothing"}`,
      ];
    });
    expect(forbidden).toEqual([]);
  });

  it("lead only to folders that the table has a row for", () => {
    expect(imports.length).toBeGreaterThan(1000);
    for (const { to } of imports) rowOf(to);
  });

  it.for(layerTables(page))(
    "of $folder go from a layer to those below it",
    ({ folder, layers }) => {
      const levelOf = (file: string) => {
        if (dirname(file) === folder.slice(0, -1)) return layers.length;
        const level = layers.findIndex((layer) => isIn(file, layer));
        if (level === -1) throw new Error(`ARCHITECTURE.md's table of ${folder} lacks ${file}`);
        return level;
      };
      const upwards = imports
        .filter(({ from, to }) => from.startsWith(folder) && to.startsWith(folder))
        .filter(({ from, to }) => levelOf(from) < levelOf(to));
      expect(upwards.map(described)).toEqual([]);
    },
  );

  it("go in one direction between any two folders", () => {
    const byFolders = Map.groupBy(
      sourceImports.filter(({ from, to }) => dirname(from) !== dirname(to)),
      ({ from, to }) => `${dirname(from)} ${dirname(to)}`,
    );
    const mutual = [...byFolders].flatMap(([folders, [there]]) => {
      const [a = "", b = ""] = folders.split(" ");
      const back = byFolders.get(`${b} ${a}`)?.[0];
      if (a > b || there === undefined || back === undefined) return [];
      return [`${described(there)}, and ${described(back)}`];
    });
    expect(mutual).toEqual([]);
  });

  it("make no circle, also not with imports of types", () => {
    expect(circles(imports)).toEqual([]);
  });
});

/** An entry of .oxlintrc.json's `overrides`. */
interface Override {
  readonly files: readonly string[];
  readonly rules: {
    readonly "no-restricted-imports"?: readonly [
      string,
      { readonly patterns: readonly { readonly regex: string }[] },
    ];
  };
}

describe("the lint rule", () => {
  const { overrides } = JSON.parse(readFileSync(join(ROOT, ".oxlintrc.json"), "utf8")) as {
    readonly overrides: readonly Override[];
  };

  it.for(rows.filter(({ mayImport }) => mayImport !== null))(
    "refuses in $path what the table does not allow, and no more",
    ({ path, mayImport }) => {
      const override = overrides.find(({ files }) => files[0] === path.replace(/\/$/, "/**"));
      const patterns = override?.rules["no-restricted-imports"]?.[1].patterns ?? [];
      const folder = path.endsWith("/") ? path : dirname(path);
      const refuses = (to: string) =>
        patterns.some(({ regex }) => new RegExp(regex).test(specifier(folder, to)));
      const others = rows.map((row) => row.path).filter((other) => other !== path);
      expect(others.filter(refuses)).toEqual(others.filter((other) => !mayImport?.includes(other)));
    },
  );
});

/** The relative path by which a file directly in `folder` imports `path`. */
function specifier(folder: string, path: string): string {
  const way = relative(folder, path);
  return (way.startsWith(".") ? way : `./${way}`) + (path.endsWith("/") ? "/" : "");
}
