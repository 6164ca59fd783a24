/** A row of ARCHITECTURE.md's table of folders. */
export interface FolderRow {
  /** A folder, with a slash at its end, or one file. */
  readonly path: string;
  /** What it may import besides its own files; null: everything. */
  readonly mayImport: readonly string[] | null;
}

/** The folders inside one folder, lowest first: each may import those before it. */
export interface Layers {
  readonly folder: string;
  readonly layers: readonly string[];
}

/**
 * The rows of the table whose last column lists what each folder may import. Throws when a cell is
 * neither a list nor a known word.
 */
export function folderRows(page: string): FolderRow[] {
  return tables(page)
    .filter(([header]) => header?.at(-1) === "may import")
    .flatMap(([, ...rows]) => rows)
    .map((cells) => ({ path: path(cells[0] ?? ""), mayImport: mayImport(cells.at(-1) ?? "") }));
}

/** The tables with the heading "folder of `x/`" in the first column. */
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
