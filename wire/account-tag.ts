/**
 * The GTID tag that names a connection's MySQL user (docs/decisions/tags-spell-the-user-name.md). A
 * tag matches `[a-z_][a-z0-9_]*` and has at most 32 characters; a user name has up to 32 characters
 * of any kind. The tag is `TAG_PREFIX` followed by the name, spelled like this:
 *
 * - `a` to `y`, digits and `_` stay unchanged;
 * - `zz` for `z`, `zh` for `-`, `zd` for `.`, `zt` for `@`, `zu` and the lower-case letter for a
 *   capital letter;
 * - `zx`, the UTF-8 bytes in hexadecimal, and `_` for any other character.
 *
 * Two names never have the same tag, and the name can be read back from the tag alone.
 */
export const TAG_PREFIX = "br_";
export const TAG_LENGTH = 32;

/** The characters that are spelled as `z` and one letter. */
export const SHORT_SIGNS: Readonly<Record<string, string>> = {
  z: "z",
  "-": "h",
  ".": "d",
  "@": "t",
};

/** The tag of a user name; null for the empty name and for a name whose spelling is too long. */
export function tagOf(user: string): string | null {
  const tag = TAG_PREFIX + Array.from(user, spelled).join("");
  return user === "" || tag.length > TAG_LENGTH ? null : tag;
}

/** The user name that a tag spells; null for a tag that binlog-router did not make. */
export function userOf(tag: string): string | null {
  const user = known.get(tag);
  if (user !== undefined) return user;
  if (known.size >= TAGS_REMEMBERED) known.clear();
  const read = readBack(tag);
  known.set(tag, read);
  return read;
}

/** The user name in a GTID's tag; null when the GTID has no tag of binlog-router. */
export function userOfGtid(gtid: string | null): string | null {
  const [, tag, number] = gtid?.split(":") ?? [];
  return tag === undefined || number === undefined ? null : userOf(tag);
}

/** Size of the cache: every transaction has a tag, but a source has only a few different ones. */
const TAGS_REMEMBERED = 10_000;
const known = new Map<string, string | null>();

const SPELLED = /z(?:([zhdt])|u([a-z])|x((?:[0-9a-f]{2}){1,4})_)|[a-y0-9_]/gy;
const SIGNS = new Map(Object.entries(SHORT_SIGNS).map(([sign, letter]) => [letter, sign]));

function readBack(tag: string): string | null {
  if (!tag.startsWith(TAG_PREFIX)) return null;
  const user = Array.from(tag.slice(TAG_PREFIX.length).matchAll(SPELLED), (match) => {
    const [text, letter, capital, hex] = match;
    if (letter !== undefined) return SIGNS.get(letter) ?? "";
    if (capital !== undefined) return capital.toUpperCase();
    return hex === undefined ? text : Buffer.from(hex, "hex").toString("utf8");
  }).join("");
  // A tag that is not exactly the spelling of the name was not made by binlog-router.
  return tagOf(user) === tag ? user : null;
}

function spelled(sign: string): string {
  const letter = SHORT_SIGNS[sign];
  if (letter !== undefined) return `z${letter}`;
  if (/^[a-y0-9_]$/.test(sign)) return sign;
  if (/^[A-Z]$/.test(sign)) return `zu${sign.toLowerCase()}`;
  return `zx${Buffer.from(sign, "utf8").toString("hex")}_`;
}
