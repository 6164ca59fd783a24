import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";

/** A file of the page. */
export interface StaticFile {
  readonly type: string;
  readonly body: Buffer;
}

const PAGE = join(import.meta.dirname, "../page");

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The page's files and the chart library's, by their path on the server. */
export async function staticFiles(): Promise<ReadonlyMap<string, StaticFile>> {
  const charts = dirname(createRequire(import.meta.url).resolve("uplot"));
  const paths = new Map([
    ["/vendor/uplot.js", join(charts, "uPlot.esm.js")],
    ["/vendor/uplot.css", join(charts, "uPlot.min.css")],
  ]);
  for (const name of await readdir(PAGE)) paths.set(`/${name}`, join(PAGE, name));
  paths.set("/", join(PAGE, "index.html"));
  const files = Array.from(paths, async ([path, file]): Promise<[string, StaticFile]> => {
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    return [path, { type, body: await readFile(file) }];
  });
  return new Map(await Promise.all(files));
}
