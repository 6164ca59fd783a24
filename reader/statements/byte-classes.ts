import type { Charset } from "../binlog-format/charsets/collations.ts";

/** The classes of bytes that MySQL's lexer distinguishes outside quotes and comments. */
export const ByteClass = { sign: 0, space: 1, word: 2 } as const;

/**
 * The bytes above ASCII that are white space in a session's character set. They were found by
 * sending each byte between two words to MySQL 9.7;
 * test/integration/reader/statement-charsets.test.ts repeats this.
 */
const SPACES: { readonly [charset in Charset]?: number } = {
  armscii8: 0xa0,
  cp1250: 0xa0,
  cp852: 0xff,
  cp866: 0xff,
  dec8: 0xa0,
  geostd8: 0xa0,
  greek: 0xa0,
  hebrew: 0xa0,
  keybcs2: 0xff,
  latin1: 0xa0,
  latin2: 0xa0,
  latin5: 0xa0,
  latin7: 0xa0,
};

/**
 * The ASCII signs that are letters in swe7. In all other character sets of a session, ASCII bytes
 * have their usual meaning.
 */
const SWEDISH_LETTERS = "[\\]^{}~";

const known = new Map<Charset, Uint8Array>();

/** The class of each byte value in a session's character set. */
export function byteClasses(charset: Charset): Uint8Array {
  let classes = known.get(charset);
  if (classes === undefined) {
    classes = makeByteClasses(charset);
    known.set(charset, classes);
  }
  return classes;
}

function makeByteClasses(charset: Charset): Uint8Array {
  const classes = new Uint8Array(256).fill(ByteClass.sign);
  for (let byte = 0; byte < 256; byte++) {
    const character = String.fromCharCode(byte);
    // All bytes above ASCII count as letters: those that are not letters occur only inside quotes.
    if (/[\w$]/.test(character) || byte >= 0x80) classes[byte] = ByteClass.word;
    else if (/[\t-\r ]/.test(character)) classes[byte] = ByteClass.space;
  }
  if (charset === "swe7")
    for (const letter of SWEDISH_LETTERS) classes[letter.charCodeAt(0)] = ByteClass.word;
  const space = SPACES[charset];
  if (space !== undefined) classes[space] = ByteClass.space;
  return classes;
}
