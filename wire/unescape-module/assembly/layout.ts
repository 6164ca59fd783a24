// Where things are in the module's memory. Both sides read this file: the module, which is
// AssemblyScript, and the TypeScript that calls it.

export const MEMORY_BYTES = 0x150000;
/** For each set of bytes to leave out of eight: the places of the others. */
export const SHUFFLES = 0x8000;
/** How much of a piece was read, bytes; four bytes. */
export const READ = 0x9000;
/** 1: the piece has only ASCII; four bytes. */
export const IS_ASCII = 0x9004;
/** A piece of a JSON string, and how long it can be, bytes. */
export const INPUT = 0x10000;
export const INPUT_BYTES = 0x10000;
/** The text of all pieces. That of a piece is not longer than it, and a block is overwritten. */
export const OUTPUT = 0x21000;
/** Room for the largest body of SQS, 1 MiB, with a last piece. */
export const OUTPUT_BYTES = 0x120000;
