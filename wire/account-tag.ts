/**
 * The tag that a connection's GTIDs carry, which names its MySQL user
 * (docs/decisions/tags-spell-the-user-name.md). A tag has 32 characters of `[a-z_][a-z0-9_]*`; a
 * user name has up to 32 of any. The name is spelled out behind `TAG_PREFIX`:
 *
 * - `a` to `y`, digits and `_` as they are;
 * - `zz` for `z`, `zh` for `-`, `zd` for `.`, `zt` for `@`, `zu` and the small letter for a
 *   capital;
 * - `zx`, the UTF-8 bytes in hexadecimal, and `_` for any other character.
 *
 * Two names never have the same tag, and the name can be read back from the tag alone.
 */
export const TAG_PREFIX = "br_";
export const TAG_LENGTH = 32;

/** The signs that have a letter of their own behind `z`. */
export const SHORT_SIGNS: Readonly<Record<string, string>> = {
  z: "z",
  "-": "h",
  ".": "d",
  "@": "t",
};

/**
 * The tag of a user name. Null for one that has none: the empty name, and one whose spelling is too
 * long.
 */
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

/** The user name in the tag of a GTID, as its text has it; null where it has no such tag. */
export function userOfGtid(gtid: string | null): string | null {
  const [, tag, number] = gtid?.split(":") ?? [];
  return tag === undefined || number === undefined ? null : userOf(tag);
}

/** Every transaction has a tag, and a source has a few of them. */
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
  // A tag that spells a name in another way than this one, or only in part, is somebody else's.
  return tagOf(user) === tag ? user : null;
}

function spelled(sign: string): string {
  const letter = SHORT_SIGNS[sign];
  if (letter !== undefined) return `z${letter}`;
  if (/^[a-y0-9_]$/.test(sign)) return sign;
  if (/^[A-Z]$/.test(sign)) return `zu${sign.toLowerCase()}`;
  return `zx${Buffer.from(sign, "utf8").toString("hex")}_`;
}
