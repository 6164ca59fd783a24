import { putFloat } from "./floats";

const NUMBER_BYTES = 4;

/** The numbers of a VECTOR, as a JSON array. Returns 0 when the value ends inside a number. */
export function putVector(from: usize, end: usize, out: usize): usize {
  if ((end - from) % NUMBER_BYTES !== 0) return 0;
  let to = out;
  store<u8>(to++, 0x5b);
  for (let at = from; at < end; at += NUMBER_BYTES) {
    if (at > from) store<u8>(to++, 0x2c);
    to = putFloat(load<f32>(at), to);
  }
  store<u8>(to, 0x5d);
  return to + 1;
}
