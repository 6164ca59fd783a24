import { hasWebAssembly, instantiate } from "./assembly-module.ts";
import {
  INPUT,
  INPUT_BYTES,
  IS_ASCII,
  OUTPUT,
  OUTPUT_BYTES,
  READ,
} from "./unescape-module/assembly/layout.ts";
import { COMPILED } from "./unescape-module/compiled.ts";

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly unescape: (limit: number, to: number) => number;
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
 * Reads the JSON string whose text begins at `start`, behind its opening quote. Returns undefined
 * when the string is not closed or is no JSON, has escapes of four digits or is longer than a body
 * of SQS, or this Node has no WebAssembly.
 */
export function readJsonString(json: Uint8Array, start: number): ReadString | undefined {
  if (module === undefined) return undefined;
  let at = start;
  let to = OUTPUT;
  let isAscii = true;
  while (json[at] !== QUOTE) {
    if (to + INPUT_BYTES > OUTPUT + OUTPUT_BYTES) return undefined;
    const piece = json.subarray(at, at + INPUT_BYTES);
    bytes.set(piece, INPUT);
    to = module.unescape(INPUT + piece.length, to);
    const read = bytes.readUInt32LE(READ);
    if (to === 0 || read === 0) return undefined;
    isAscii &&= bytes[IS_ASCII] === 1;
    at += read;
  }
  // Both give the same text, and latin1 does not look for other characters.
  return { text: bytes.toString(isAscii ? "latin1" : "utf8", OUTPUT, to), end: at };
}
