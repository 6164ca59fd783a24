// Where things are in the module's memory. Both sides read this file: the module, which is
// AssemblyScript, and the TypeScript that calls it.

/** The memory's size, bytes; it never grows, so that views of it stay valid. */
export const MEMORY_BYTES = 0x350000;

/**
 * The values of objects that differ from those of the object before of the same form. Each has
 * `FOUND_BYTES`, four words: its slot; its kind; where it begins and ends in the text. An INTEGER
 * has its number in place of these two, as eight bytes.
 */
export const FOUND = 0x1000;
export const FOUND_BYTES = 16;
export const MOST_VALUES = 0x1000;
/** How many objects were read, one word, and how many values of each differ, a word each. */
export const OBJECT_COUNT = 0x800;
export const FOUND_COUNTS = 0x900;
export const MOST_OBJECTS = 64;

/**
 * Those of these values that are strings of `JOINED_FROM` to `JOINED_UP_TO` characters, one behind
 * the other, as far as there is room: JavaScript makes one string of all, and cuts it.
 */
export const JOINED = 0x12000;
export const JOINED_BYTES = 0x200;
/** How long they are together, one word. */
export const JOINED_LENGTH = 0x808;
export const JOINED_FROM = 13;
export const JOINED_UP_TO = 64;

/** While an object is read, the first two words of each slot. */
export const LATEST = 0x18000;

/**
 * The slots of the forms. A slot is the place of a value in an object, with the text from the value
 * before it. Its `SLOT_BYTES` tell of the object before, in four words: where this text begins; how
 * long it is with the value; how long it is without; the number of an earlier slot that may have
 * the same value, counted from 1, or 0. A form has one more slot than values, for the text that
 * ends the object.
 */
export const SLOTS = 0x20000;
export const SLOT_BYTES = 16;
export const MOST_SLOTS = 0x2000;

/** The text in Latin-1, a byte for each character, with a zero byte behind it. */
export const TEXT = 0x40000;
export const TEXT_BYTES = 0x300000;

/** The kinds of values. A string without escapes; its place leaves out the quotes. */
export const STRING = 0;
/** At most 15 digits. */
export const INTEGER = 1;
/** At most 15 digits, and a point between two of them. */
export const DECIMAL = 2;
/** Any other JSON, perhaps not well-formed. */
export const OTHER = 3;
/** The value of an earlier slot, whose index stands in place of where the value begins. */
export const EARLIER = 4;
/** A string among those at `JOINED`, counted from there. */
export const JOINED_STRING = 5;
