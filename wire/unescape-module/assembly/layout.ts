// Where things are in the module's memory. Both sides read this file: the module, which is
// AssemblyScript, and the TypeScript that calls it.

export const MEMORY_BYTES = 0x40000;
/** For each set of bytes to leave out of eight: the places of the others. */
export const SHUFFLES = 0x8000;
/** How much of a piece was read, bytes; four bytes. */
export const READ = 0x9000;
/** A piece of a JSON string, and how long it can be, bytes. */
export const INPUT = 0x10000;
export const INPUT_BYTES = 0x10000;
/** The piece's text, which is not longer than the piece. A block behind it is overwritten. */
export const OUTPUT = 0x21000;
