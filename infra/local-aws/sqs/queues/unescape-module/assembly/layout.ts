// Where things are in the module's memory. Both sides read this file: the module, which is
// AssemblyScript, and the TypeScript that calls it.

export const MEMORY_BYTES = 0x40000;
/** For each set of bytes to leave out of eight: the places of the others. */
export const SHUFFLES = 0x8000;
/**
 * Of a piece, in words of four bytes: how much of it was read, bytes; the length of its text in
 * UTF-16 code units; 1 when SQS refuses a character of it, else 0.
 */
export const FACTS = 0x9000;
/** A piece of a JSON string, and how long it can be, bytes. */
export const INPUT = 0x10000;
export const INPUT_BYTES = 0x10000;
/** The piece's text, which is not longer than the piece. A block behind it is overwritten. */
export const OUTPUT = 0x21000;
/** The longest escape: that of a surrogate pair. */
export const LONGEST_ESCAPE = 12;
