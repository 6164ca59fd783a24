import { FACTS, OUTPUT } from "./layout";

const SPACE: i8 = 0x20;
const BLOCK: usize = 16;

/** Writes the length of the text in `OUTPUT` to `FACTS`, and whether SQS refuses it. */
export function inspect(end: usize): void {
  let length: i32 = <i32>(end - OUTPUT);
  let isRefused = false;
  v128.store(end, i8x16.splat(SPACE));
  for (let at: usize = OUTPUT; at < end; at += BLOCK) {
    const block = v128.load(at);
    // Signed, bytes outside ASCII are less than any other.
    if (!v128.any_true(i8x16.lt_s(block, i8x16.splat(SPACE)))) continue;
    isRefused = isRefused || hasRefused(block, at);
    // Each byte that continues a character is no unit, and one of four bytes is two units.
    length -= popcnt(i8x16.bitmask(i8x16.lt_s(block, i8x16.splat(<i8>0xc0))));
    length += popcnt(i8x16.bitmask(i8x16.ge_u(block, i8x16.splat(<i8>0xf0))));
  }
  store<u32>(FACTS, <u32>length, 4);
  store<u32>(FACTS, <u32>isRefused, 8);
}

/** Whether a character that begins in a block is none of those that XML 1.0 calls Char. */
function hasRefused(block: v128, at: usize): bool {
  const spaces = v128.or(
    i8x16.eq(block, i8x16.splat(0x09)),
    v128.or(i8x16.eq(block, i8x16.splat(0x0a)), i8x16.eq(block, i8x16.splat(0x0d))),
  );
  const controls = i8x16.lt_u(block, i8x16.splat(SPACE));
  if (v128.any_true(v128.andnot(controls, spaces))) return true;
  const leads = v128.or(
    i8x16.eq(block, i8x16.splat(<i8>0xed)),
    i8x16.eq(block, i8x16.splat(<i8>0xef)),
  );
  for (let places = i8x16.bitmask(leads); places !== 0; places &= places - 1) {
    const character: usize = at + ctz(places);
    const second = load<u8>(character, 1);
    // Surrogates are ED A0 80 to ED BF BF, U+FFFE and U+FFFF are EF BF BE and EF BF BF.
    if (load<u8>(character) === 0xed && second >= 0xa0) return true;
    if (load<u8>(character) === 0xef && second === 0xbf && load<u8>(character, 2) >= 0xbe)
      return true;
  }
  return false;
}
