const QUOTE = 0x22;
const PADDING = 0x3d;

/** The characters of base64, by their values. */
const CHARACTERS = memory.data<u8>([
  65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88,
  89, 90, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114,
  115, 116, 117, 118, 119, 120, 121, 122, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 43, 47,
]);

/** `length` bytes as base64 in a JSON string; those at and behind `end` are zeros. */
export function putBase64(from: usize, end: usize, length: i32, out: usize): usize {
  store<u8>(out, QUOTE);
  let to = out + 1;
  let left = length;
  for (let at = from; left > 0; at += 3, left -= 3, to += 4) {
    const three = (byteAt(at, end) << 16) | (byteAt(at + 1, end) << 8) | byteAt(at + 2, end);
    store<u8>(to, character(three >> 18));
    store<u8>(to, character((three >> 12) & 63), 1);
    store<u8>(to, left > 1 ? character((three >> 6) & 63) : PADDING, 2);
    store<u8>(to, left > 2 ? character(three & 63) : PADDING, 3);
  }
  store<u8>(to, QUOTE);
  return to + 1;
}

function byteAt(at: usize, end: usize): u32 {
  return at < end ? load<u8>(at) : 0;
}

function character(value: u32): u32 {
  return load<u8>(CHARACTERS + value);
}
