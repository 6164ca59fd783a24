// Where things are in the module's memory. Both sides read this file: the module, which is
// AssemblyScript, and the TypeScript that calls it.

export const MEMORY_BYTES = 0x50000;
/** The text, and how long it can be, bytes. A block that is read can end a little behind it. */
export const INPUT = 0x10000;
export const INPUT_BYTES = 0x10000;
/** The escaped text, which is at most twice as long, and ends in a block. */
export const OUTPUT = 0x21000;
