import { hasWebAssembly, instantiate } from "./assembly-module.ts";
import { INPUT, INPUT_BYTES, OUTPUT, READ } from "./unescape-module/assembly/layout.ts";
import { COMPILED } from "./unescape-module/compiled.ts";

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly unescape: (limit: number) => number;
}

/**
 * A module in WebAssembly; in JavaScript the same takes as long as JSON.parse. A Node that was told
 * to compile nothing has no WebAssembly.
 */
const module = hasWebAssembly() ? (instantiate(COMPILED) as Exports) : undefined;
const bytes = Buffer.from(module?.memory.buffer ?? new ArrayBuffer(0));

const QUOTE = 34;

/** A JSON string that was read. */
interface ReadString {
  readonly text: string;
  /** Where its closing quote is. */
  readonly end: number;
}

/**
 * Reads the JSON string whose text begins at `start`, behind its opening quote. `memory` has room
 * for the text and is overwritten. Returns undefined when the string is not closed or is no JSON,
 * has escapes of four digits, or this Node has no WebAssembly.
 */
export function readJsonString(
  json: Uint8Array,
  start: number,
  memory: Buffer,
): ReadString | undefined {
  if (module === undefined) return undefined;
  let at = start;
  let length = 0;
  while (json[at] !== QUOTE) {
    const piece = json.subarray(at, at + INPUT_BYTES);
    bytes.set(piece, INPUT);
    const to = module.unescape(INPUT + piece.length);
    const read = bytes.readUInt32LE(READ);
    if (to === 0 || read === 0) return undefined;
    memory.set(bytes.subarray(OUTPUT, to), length);
    length += to - OUTPUT;
    at += read;
  }
  return { text: memory.toString("utf8", 0, length), end: at };
}
