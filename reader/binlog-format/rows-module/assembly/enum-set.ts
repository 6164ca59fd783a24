import { copyBlocks } from "./bytes";

// `members`: how many there are, and the place of each one's JSON in the program: its offset and
// its length.

const MEMBER_BYTES = 8;

/** The member with this number, from 1 on, as a JSON string; "" for any other number. */
export function putEnum(number: usize, program: usize, members: usize, out: usize): usize {
  if (number === 0 || number > load<u32>(members)) {
    store<u16>(out, 0x2222);
    return out + 2;
  }
  return putMember(number - 1, program, members, out);
}

/** The members whose bits are set, the lowest first, as a JSON array. */
export function putSet(bits: u64, program: usize, members: usize, out: usize): usize {
  const count = load<u32>(members);
  let to = out;
  store<u8>(to++, 0x5b);
  for (let i: u32 = 0; i < count; i++) {
    if (((bits >> i) & 1) === 0) continue;
    if (to > out + 1) store<u8>(to++, 0x2c);
    to = putMember(i, program, members, to);
  }
  store<u8>(to, 0x5d);
  return to + 1;
}

function putMember(index: usize, program: usize, members: usize, out: usize): usize {
  const member = members + 4 + index * MEMBER_BYTES;
  return copyBlocks(program + load<u32>(member), load<i32>(member, 4), out);
}
