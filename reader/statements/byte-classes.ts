import type { Charset } from "../binlog-format/charsets/collations.ts";

/** What a byte is for MySQL's lexer outside of names in quotes, texts and comments. */
export const ByteClass = { sign: 0, space: 1, word: 2 } as const;

/**
 * The bytes above ASCII that are white space in a session's character set, as MySQL 9.7 says when
 * each is sent between two words (test/integration/reader/statement-charsets.test.ts asks again).
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
 * The signs of ASCII that are letters in swe7; in the other character sets of a session ASCII is
 * itself.
 */
const SWEDISH_LETTERS = "[\\]^{}~";

const known = new Map<Charset, Uint8Array>();

/** The class of each byte in a session's character set. */
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
    // Which of the bytes above ASCII is a letter does not matter: those that are none do not occur
    // outside of quotes.
    if (/[\w$]/.test(character) || byte >= 0x80) classes[byte] = ByteClass.word;
    else if (/[\t-\r ]/.test(character)) classes[byte] = ByteClass.space;
  }
  if (charset === "swe7")
    for (const letter of SWEDISH_LETTERS) classes[letter.charCodeAt(0)] = ByteClass.word;
  const space = SPACES[charset];
  if (space !== undefined) classes[space] = ByteClass.space;
  return classes;
}
