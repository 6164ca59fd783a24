/**
 * A program in WebAssembly that copies a text and puts a backslash before each quote and backslash,
 * 16 bytes at a time. It is written by hand, instruction by instruction, in the binary form of the
 * specification (https://webassembly.github.io/spec/core/binary/). In JavaScript, byte by
 * byte, the same takes seven times as long.
 */

// Local variables. The first three are the parameters.
const FROM = 0;
const END = 1;
const OUT = 2;
/** The bytes of a block that are special, a bit each. */
const SPECIAL = 3;
/** How much further behind a byte is in the output than in the input. */
const SHIFT = 4;
const AT = 5;
const BLOCK = 6;
const QUOTES = 7;
const BACKSLASHES = 8;
const SPACES = 9;

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const tee = (local: number) => [0x22, local];
/** `value` is below 128. */
const constant = (value: number) => (value < 64 ? [0x41, value] : [0x41, value | 0x80, 0]);
const ADD = 0x6a;
const SUBTRACT = 0x6b;
const AND = 0x71;
const IS_ZERO = 0x45;
const IS_BELOW = 0x49;
const IS_AT_LEAST = 0x4f;
const TRAILING_ZEROS = 0x68;
const LOAD_BYTE = [0x2d, 0, 0];
const STORE_BYTE = [0x3a, 0, 0];
const LOAD_BLOCK = [0xfd, 0x00, 0, 0];
const STORE_BLOCK = [0xfd, 0x0b, 0, 0];
const IN_EACH_BYTE = [0xfd, 0x0f];
const EQUAL_BYTES = [0xfd, 0x23];
const LOWER_BYTES = [0xfd, 0x26];
const OR = [0xfd, 0x50];
const BIT_OF_EACH_BYTE = [0xfd, 0x64];
const BEGIN = [0x02, 0x40];
const LOOP = [0x03, 0x40];
const IF = [0x04, 0x40];
const STOP = 0x0b;
const RETURN = 0x0f;
/** Leaves so many blocks around the present one, or begins a loop again. */
const branch = (depth: number) => [0x0c, depth];
const branchIf = (depth: number) => [0x0d, depth];

/** Text and escapes are ASCII of these codes. */
const QUOTE = 34;
const BACKSLASH = 92;
const SPACE = 32;
const BLOCK_BYTES = 16;

const CODE = [
  [...constant(QUOTE), ...IN_EACH_BYTE, ...set(QUOTES)],
  [...constant(BACKSLASH), ...IN_EACH_BYTE, ...set(BACKSLASHES)],
  [...constant(SPACE), ...IN_EACH_BYTE, ...set(SPACES)],
  [...get(OUT), ...get(FROM), SUBTRACT, ...set(SHIFT)],
  [...BEGIN, ...LOOP],
  [...get(FROM), ...get(END), IS_AT_LEAST, ...branchIf(1)],
  // The block is copied as it is.
  [...get(FROM), ...get(SHIFT), ADD],
  [...get(FROM), ...LOAD_BLOCK, ...tee(BLOCK), ...STORE_BLOCK],
  [...get(BLOCK), ...get(QUOTES), ...EQUAL_BYTES],
  [...get(BLOCK), ...get(BACKSLASHES), ...EQUAL_BYTES, ...OR],
  [...get(BLOCK), ...get(SPACES), ...LOWER_BYTES, ...OR],
  [...BIT_OF_EACH_BYTE, ...set(SPECIAL)],
  [...BEGIN, ...LOOP],
  [...get(SPECIAL), IS_ZERO, ...branchIf(1)],
  [...get(FROM), ...get(SPECIAL), TRAILING_ZEROS, ADD, ...tee(AT)],
  // Behind the end, the block has anything.
  [...get(END), IS_AT_LEAST, ...branchIf(3)],
  [...get(AT), ...LOAD_BYTE, ...constant(SPACE), IS_BELOW],
  [...IF, ...constant(0), RETURN, STOP],
  // A backslash, and all from the special byte on once more behind it.
  [...get(AT), ...get(SHIFT), ADD, ...constant(BACKSLASH), ...STORE_BYTE],
  [...get(SHIFT), ...constant(1), ADD, ...set(SHIFT)],
  [...get(AT), ...get(SHIFT), ADD, ...get(AT), ...LOAD_BLOCK, ...STORE_BLOCK],
  [...get(SPECIAL), ...get(SPECIAL), ...constant(1), SUBTRACT, AND, ...set(SPECIAL)],
  [...branch(0), STOP, STOP],
  [...get(FROM), ...constant(BLOCK_BYTES), ADD, ...set(FROM)],
  [...branch(0), STOP, STOP],
  [...get(END), ...get(SHIFT), ADD, STOP],
].flat();

const INTEGER = 0x7f;
const VECTOR = 0x7b;
/** The local variables behind the parameters: three integers and four vectors. */
const LOCALS = [2, 3, INTEGER, 4, VECTOR];

const PAGE_BYTES = 64 * 1024;
/** The text has the first page and a little of the second, its escaped form the others. */
const PAGES = 5;
const OUTPUT = 2 * PAGE_BYTES;

/** A list of bytes behind its length. */
const sized = (bytes: readonly number[]) => [
  (bytes.length & 0x7f) | 0x80,
  bytes.length >> 7,
  ...bytes,
];
const name = (text: string) => sized([...Buffer.from(text)]);
const section = (id: number, bytes: readonly number[]) => [id, ...sized(bytes)];

const MODULE = Uint8Array.from([
  ...Buffer.from("\0asm\x01\0\0\0"),
  ...section(1, [1, 0x60, 3, INTEGER, INTEGER, INTEGER, 1, INTEGER]),
  ...section(3, [1, 0]),
  ...section(5, [1, 1, PAGES, PAGES]),
  ...section(7, [2, ...name("memory"), 2, 0, ...name("escape"), 0, 0]),
  ...section(10, [1, ...sized([...LOCALS, ...CODE])]),
]);

/** What is used of WebAssembly, whose types TypeScript has only together with those of browsers. */
interface WebAssemblyParts {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => {
    readonly exports: {
      readonly memory: { readonly buffer: ArrayBuffer };
      readonly escape: (from: number, end: number, out: number) => number;
    };
  };
}
const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyParts };

const { memory, escape } = new WebAssembly.Instance(new WebAssembly.Module(MODULE)).exports;
const bytes = Buffer.from(memory.buffer);

/**
 * Writes a text into `target` from `start` on, with a backslash before each quote and backslash.
 * Returns where it ends; null when the text contains a control character.
 */
export function writeEscaped(text: Uint8Array, target: Uint8Array, start: number): number | null {
  let to = start;
  for (let from = 0; from < text.length; from += PAGE_BYTES) {
    const piece = text.subarray(from, from + PAGE_BYTES);
    bytes.set(piece);
    const end = escape(0, piece.length, OUTPUT);
    if (end === 0) return null;
    target.set(bytes.subarray(OUTPUT, end), to);
    to += end - OUTPUT;
  }
  return to;
}
