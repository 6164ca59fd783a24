import { decode, encode } from "@jridgewell/sourcemap-codec";

/** The parts of a source map, version 3 (ECMA-426), that esbuild writes. */
interface SourceMap {
  readonly version: 3;
  readonly sources: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

/**
 * The source map without the libraries' places, and with one place for what comes from one line.
 * Node parses a process's whole map at its first error, and keeps it: the libraries' places took
 * some 50 MB of the reader's memory, and all places of our lines another 10 MB. A library's line in
 * a stack trace names the place in the bundle instead, and our columns are mostly those at which
 * the line begins. Takes and returns a map as JSON.
 */
export function ownSourceMap(text: string): string {
  const map = JSON.parse(text) as SourceMap;
  const isOwn = map.sources.map((source) => !source.includes("node_modules/"));
  const kept = map.sources.flatMap((_, index) => (isOwn[index] === true ? [index] : []));
  const newIndex = new Map(kept.map((source, index) => [source, index]));
  // Node takes what begins a line without a place for the last place of the lines before it.
  let isOwnCode = false;
  const lines = decode(map.mappings).map((line) => {
    const segments: typeof line = [];
    for (const [column, source, sourceLine = 0, sourceColumn = 0] of line) {
      const index = newIndex.get(source ?? -1);
      const latest = segments.at(-1);
      if (index === undefined) {
        if (isOwnCode) segments.push([column]);
      } else if (latest?.[1] !== index || latest[2] !== sourceLine) {
        segments.push([column, index, sourceLine, sourceColumn]);
      }
      isOwnCode = index !== undefined;
    }
    return segments;
  });
  return JSON.stringify({
    version: map.version,
    sources: kept.map((index) => map.sources[index]),
    names: [],
    mappings: encode(lines),
  });
}
