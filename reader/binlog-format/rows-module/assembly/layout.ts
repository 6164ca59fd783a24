// Where things are in the module's memory, and what a program consists of. Both sides read this
// file: the module, which is AssemblyScript, and the TypeScript that calls it.

/**
 * The memory's size, bytes; it never grows, so that views of it stay valid. What is not written to
 * takes no memory of the machine.
 */
export const MEMORY_BYTES = 0x800000;
/** Words are read or written in blocks of this many bytes, so a block can end beyond its text. */
export const BLOCK = 16;

/** For each row that was written: the ends of its texts in the output, `RECORD_WORDS` words. */
export const RECORDS = 0x21000;
export const MOST_ROWS = 1024;
export const RECORD_WORDS = 4;

/** Where the values of the primary key are in the output: of the before and of the after image. */
export const BEFORE_SPANS = 0x26000;
export const AFTER_SPANS = 0x26100;
export const MOST_KEY_COLUMNS = 16;

/** Where in the input the row begins that is not written any more. */
export const NEXT = 0x26200;

/** The programs of tables. */
export const PROGRAMS = 0x30000;
export const PROGRAMS_BYTES = 0x80000;

/** The rows of an event. */
export const INPUT = 0xb0000;
export const INPUT_BYTES = 0x100000;

/** The texts of the rows, one after the other: there is room for any text of one column. */
export const OUTPUT = 0x1b1000;
export const OUTPUT_END = MEMORY_BYTES - 0x100;

// A program tells how the images of a table with the same columns are written. It is a list of
// words, followed by the texts to which they point; an offset counts from the program's start.

/** The number of columns in the image, of the bytes of its NULL bitmap, of columns of the key. */
export const PROGRAM_COLUMNS = 0;
export const PROGRAM_NULL_BYTES = 4;
export const PROGRAM_KEY_COLUMNS = 8;
/** The offset of two words for each column of the key: the prefix's offset and length. */
export const PROGRAM_KEY_PREFIXES = 12;
/** The columns, `STEP_BYTES` each. */
export const PROGRAM_STEPS = 16;

export const STEP_BYTES = 32;
/** One of the operations, and what it needs to know about the column. */
export const STEP_OPERATION = 0;
export const STEP_ARGUMENT = 4;
/** As `storedLength` in reader/binlog-format/rows/image-lengths.ts. */
export const STEP_STORED = 8;
/** The longest JSON of a value: so many bytes, and for each byte of a value with a length more. */
export const STEP_LONGEST = 12;
export const STEP_LONGEST_PER_BYTE = 16;
/** The text before the value: `{"id":` or `,"name":`. */
export const STEP_PREFIX = 20;
export const STEP_PREFIX_LENGTH = 24;
/** The column's index in the primary key; negative when it is not in it. */
export const STEP_KEY_INDEX = 28;

// Operations. Each writes the values of one column type as
// reader/binlog-format/values/column-writer.ts describes.
export const SIGNED = 0;
export const UNSIGNED = 1;
export const YEAR = 2;
export const BIT = 3;
export const FLOAT = 4;
export const DOUBLE = 5;
/** Argument: precision * 256 + decimals. */
export const DECIMAL = 6;
export const DATE = 7;
/** Argument: the decimals of the seconds; also of the next two. */
export const DATETIME = 8;
export const TIMESTAMP = 9;
export const TIME = 10;
export const UTF8 = 11;
/** Argument: the offset of the JSON of each byte, see binlog-format/rows/character-table.ts. */
export const SINGLE_BYTE = 12;
/** Argument: how many bytes at the value's beginning are left out. */
export const BINARY = 13;
/** Argument: the length to which values are filled with zeros. */
export const FIXED_BINARY = 14;
/** Argument: the offset of the members' number, and of each member's offset and length. */
export const ENUM = 15;
export const SET = 16;
export const JSON_DOCUMENT = 17;
export const VECTOR = 18;
/** Written by the column's writer in TypeScript. */
export const OTHER = 19;

/** The longest JSON of a byte in a string; a JSON document takes no more for each byte, either. */
export const LONGEST_OF_BYTE = 6;
/** How much longer a document's JSON can be: its last value, and the ends of all its levels. */
export const LONGEST_REST = 256;
