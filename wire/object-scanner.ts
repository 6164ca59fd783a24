import { hasWebAssembly, instantiate } from "./assembly-module.ts";
import { COMPILED } from "./alike-module/compiled.ts";

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly scan: (at: number, form: number, values: number, most: number) => number;
  readonly endOfValue: (at: number) => number;
}

/** The module in WebAssembly that reads objects, and views of its memory. */
export interface ObjectScanner extends Omit<Exports, "memory"> {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
}

/** Undefined in a Node that was told to compile nothing at run time. */
export const objectScanner: ObjectScanner | undefined = hasWebAssembly() ? started() : undefined;

function started(): ObjectScanner {
  const { memory, scan, endOfValue } = instantiate(COMPILED) as Exports;
  const { buffer } = memory;
  return {
    scan,
    endOfValue,
    bytes: Buffer.from(buffer),
    words: new Uint32Array(buffer),
    doubles: new Float64Array(buffer),
  };
}
