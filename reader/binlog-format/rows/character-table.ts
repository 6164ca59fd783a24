import type { Charset } from "../charsets/collations.ts";
import { singleByteCharacters } from "../charsets/single-byte.ts";

const CHARACTER_BYTES = 8;

const tables = new Map<Charset, Uint8Array | null>();

/**
 * For a character set of one byte per character, the JSON of each byte, eight bytes each: its
 * length and its text. Behind them a word: whether the bytes below 0x80 are those of ASCII. null
 * for other character sets.
 */
export function characterTable(charset: Charset): Uint8Array | null {
  let table = tables.get(charset);
  if (table === undefined) {
    const characters = singleByteCharacters(charset);
    table = characters === undefined ? null : tableOf(characters);
    tables.set(charset, table);
  }
  return table;
}

function tableOf(characters: readonly string[]): Uint8Array {
  const table = Buffer.alloc(characters.length * CHARACTER_BYTES + 4);
  characters.forEach((character, byte) => {
    const json = Buffer.from(JSON.stringify(character).slice(1, -1));
    table[byte * CHARACTER_BYTES] = json.length;
    json.copy(table, byte * CHARACTER_BYTES + 1);
  });
  const likeAscii = characters.slice(0, 0x80).every((text, byte) => text.charCodeAt(0) === byte);
  table.writeUInt32LE(likeAscii ? 1 : 0, characters.length * CHARACTER_BYTES);
  return table;
}
