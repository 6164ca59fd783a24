/** A row of ARCHITECTURE.md's table of folders. */
export interface FolderRow {
  /** A folder, which ends in a slash, or one file. */
  readonly path: string;
  /** What it may import besides itself; null: everything. */
  readonly mayImport: readonly string[] | null;
}

/** The folders inside one folder, lowest first: each may import those before it. */
export interface Layers {
  readonly folder: string;
  readonly layers: readonly string[];
}

/**
 * The table whose last column says what each folder may import. Throws when a cell is neither a
 * list nor a known word.
 */
export function folderRows(page: string): FolderRow[] {
  return tables(page)
    .filter(([header]) => header?.at(-1) === "may import")
    .flatMap(([, ...rows]) => rows)
    .map((cells) => ({ path: path(cells[0] ?? ""), mayImport: mayImport(cells.at(-1) ?? "") }));
}

/** The tables whose first column is "folder of `x/`". */
export function layerTables(page: string): Layers[] {
  return tables(page).flatMap(([header, ...rows]) => {
    const folder = /^folder of `([^`]+)`$/.exec(header?.[0] ?? "")?.[1];
    if (folder === undefined) return [];
    return [{ folder, layers: rows.map(([first = ""]) => folder + path(first)) }];
  });
}

function mayImport(cell: string): string[] | null {
  if (cell === "everything") return null;
  if (cell === "nothing") return [];
  return cell.split(", ").map(path);
}

function path(cell: string): string {
  const [, name] = /^`([^`]+)`$/.exec(cell) ?? [];
  if (name === undefined) throw new Error(`not a path in ARCHITECTURE.md: ${cell}`);
  return name;
}

/** The Markdown tables of a page as rows of cells, the header first. */
function tables(page: string): string[][][] {
  return [...page.matchAll(/(?:^\|.*\|\n)+/gm)].map(([table]) =>
    table
      .trimEnd()
      .split("\n")
      .filter((line) => !/^[| :-]+$/.test(line))
      .map((line) =>
        line
          .slice(1, -1)
          .split("|")
          .map((cell) => cell.trim()),
      ),
  );
}
