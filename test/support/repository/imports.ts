import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/**
 * An import of one file by another in the repository; imports of types and dynamic ones included.
 */
export interface Import {
  readonly from: string;
  readonly to: string;
}

const FOLDERS = [
  "client",
  "config",
  "examples",
  "functions",
  "infra",
  "operator",
  "reader",
  "test",
  "wire",
];
const STATEMENTS = [
  /^\s*(?:import|export)\b[^"';]*?\bfrom\s+"([^"]+)"/gm,
  /^\s*import\s+"([^"]+)"/gm,
  /\bimport\(\s*"([^"]+)"\s*\)/g,
];

/**
 * All imports between two files of the repository; paths begin at its root. A workspace package
 * counts as its folder's index.ts.
 */
export function importsOf(root: string): Import[] {
  const packages = workspacePackages(root);
  return FOLDERS.flatMap((folder) => sourceFiles(root, folder)).flatMap((from) =>
    specifiers(readFileSync(join(root, from), "utf8"))
      .map((specifier) => resolve(from, specifier, packages))
      .filter((to) => to !== null)
      .map((to) => ({ from, to })),
  );
}

function sourceFiles(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.[cm]?ts$/.test(path) && !/(^|\/)(node_modules|dist|cdk\.out)\//.test(path))
    .map((path) => `${folder}/${path}`);
}

/** The modules that a file's text imports. */
function specifiers(text: string): string[] {
  return STATEMENTS.flatMap((statement) =>
    [...text.matchAll(statement)].map(([, specifier = ""]) => specifier),
  );
}

function resolve(from: string, specifier: string, packages: ReadonlyMap<string, string>) {
  if (specifier.startsWith(".")) return normalize(join(dirname(from), specifier));
  const name = specifier.split("/").slice(0, 2).join("/");
  const folder = packages.get(name);
  return folder === undefined ? null : `${folder}/index.ts`;
}

/** The folders of the workspace packages, by the packages' names. */
function workspacePackages(root: string): Map<string, string> {
  const read = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8")) as Package;
  const { workspaces = [] } = read("package.json");
  return new Map(workspaces.map((folder) => [read(`${folder}/package.json`).name, folder]));
}

interface Package {
  readonly name: string;
  readonly workspaces?: readonly string[];
}

/** The cycles of a graph: sets of nodes that can all reach each other (Tarjan's algorithm). */
export function circles(edges: readonly Import[]): string[][] {
  const next = Map.groupBy(edges, ({ from }) => from);
  const index = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const low = (node: string) => lowest.get(node) ?? 0;

  function visit(node: string): void {
    lowest.set(node, index.size);
    index.set(node, index.size);
    stack.push(node);
    for (const { to } of next.get(node) ?? []) {
      if (!index.has(to)) visit(to);
      else if (!stack.includes(to)) continue;
      lowest.set(node, Math.min(low(node), low(to)));
    }
    if (low(node) !== index.get(node)) return;
    const circle = stack.splice(stack.indexOf(node));
    if (circle.length > 1) found.push(circle.sort());
  }

  for (const node of next.keys()) if (!index.has(node)) visit(node);
  return found;
}
