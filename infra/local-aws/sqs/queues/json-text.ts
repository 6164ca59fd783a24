import { COMPILED } from "./unescape-module/compiled.ts";
import {
  FACTS,
  INPUT,
  INPUT_BYTES,
  LONGEST_ESCAPE,
  OUTPUT,
} from "./unescape-module/assembly/layout.ts";

/** What is used of WebAssembly, whose types TypeScript has only together with those of browsers. */
interface WebAssemblyParts {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly unescape: (limit: number) => number;
}

/** A part of the text of a JSON string. */
export interface TextPiece {
  /** UTF-8; the next piece uses the same memory. */
  readonly bytes: Buffer;
  /** In UTF-16 code units. */
  readonly length: number;
  /** Whether SQS accepts all of its characters. */
  readonly isAllowed: boolean;
}

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyParts };
const compiled = new WebAssembly.Module(Buffer.from(COMPILED, "base64"));
/** A module in WebAssembly, because a body has an escape in every few bytes. */
const { memory, unescape } = new WebAssembly.Instance(compiled).exports as Exports;
const bytes = Buffer.from(memory.buffer);
const facts = new Uint32Array(memory.buffer, FACTS, 3);

/**
 * Calls `use` for each piece of the text of a JSON string in valid UTF-8. Returns false when it is
 * not exactly one JSON string.
 */
export function eachPiece(json: Buffer, use: (piece: TextPiece) => void): boolean {
  // The closing quote is copied too: it ends an escape that is not complete.
  const end = json.length - 1;
  let from = 1;
  while (from < end) {
    const rest = end - from;
    bytes.set(json.subarray(from, from + INPUT_BYTES), INPUT);
    const to = unescape(INPUT + Math.min(rest, INPUT_BYTES - LONGEST_ESCAPE));
    if (to === 0) return false;
    const [read = 0, length = 0, refused = 0] = facts;
    use({ bytes: bytes.subarray(OUTPUT, to), length, isAllowed: refused === 0 });
    from += read;
  }
  return from === end;
}
