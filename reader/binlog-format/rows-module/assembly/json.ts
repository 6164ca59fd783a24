import { intAt, uintAt } from "./bytes";
import { putInt64, putUint64 } from "./digits";
import { isWhole, putDouble } from "./floats";
import * as Layout from "./layout";
import { putUtf8 } from "./text";

// MySQL's binary JSON as JSON; reader/binlog-format/values/json.ts describes it. Each function
// returns where it stopped in the output, or 0 when it leaves the row to that file: a value without
// a JSON type, or one that is not well-formed.

const SMALL_OBJECT = 0x00;
const LARGE_OBJECT = 0x01;
const SMALL_ARRAY = 0x02;
const LARGE_ARRAY = 0x03;
const LITERAL = 0x04;
const INT16 = 0x05;
const UINT16 = 0x06;
const INT32 = 0x07;
const UINT32 = 0x08;
const INT64 = 0x09;
const UINT64 = 0x0a;
const DOUBLE = 0x0b;
const STRING = 0x0c;

/** MySQL's own limit. */
const MOST_LEVELS = 100;
/** As in that file, how much longer a document's text can be than `LONGEST_OF_BYTE` allows. */
const SPARE: usize = 64;

/** Where the present document ends. Nothing behind it belongs to it. */
let documentEnd: usize = 0;
/** Its values begin up to here in the output, or it has more text than a document can have. */
let textEnd: usize = 0;

export function putDocument(from: usize, end: usize, out: usize): usize {
  if (from === end) return putNull(out);
  documentEnd = end;
  textEnd = out + SPARE + Layout.LONGEST_OF_BYTE * (end - from);
  return putValue(load<u8>(from), from + 1, out, 0);
}

function putNull(out: usize): usize {
  store<u32>(out, 0x6c6c756e);
  return out + 4;
}

function putValue(type: i32, at: usize, out: usize, level: i32): usize {
  if (out > textEnd || level > MOST_LEVELS) return 0;
  switch (type) {
    case SMALL_OBJECT:
      return putObject(at, 2, out, level);
    case LARGE_OBJECT:
      return putObject(at, 4, out, level);
    case SMALL_ARRAY:
      return putArray(at, 2, out, level);
    case LARGE_ARRAY:
      return putArray(at, 4, out, level);
    case LITERAL:
      return isInside(at, 1) ? putLiteral(load<u8>(at), out) : 0;
    case INT16:
      return isInside(at, 2) ? putInt64(intAt(at, 2), out) : 0;
    case UINT16:
      return isInside(at, 2) ? putUint64(uintAt(at, 2), out) : 0;
    case INT32:
      return isInside(at, 4) ? putInt64(intAt(at, 4), out) : 0;
    case UINT32:
      return isInside(at, 4) ? putUint64(uintAt(at, 4), out) : 0;
    case INT64:
      return isInside(at, 8) ? putInt64(intAt(at, 8), out) : 0;
    case UINT64:
      return isInside(at, 8) ? putUint64(uintAt(at, 8), out) : 0;
    case DOUBLE:
      return isInside(at, 8) ? putJsonDouble(load<f64>(at), out) : 0;
    case STRING:
      return putVariableString(at, out);
    default:
      return 0;
  }
}

function isInside(at: usize, length: usize): bool {
  return at <= documentEnd && length <= documentEnd - at;
}

function putLiteral(literal: i32, out: usize): usize {
  switch (literal) {
    case 0:
      return putNull(out);
    case 1:
      store<u32>(out, 0x65757274); // true
      return out + 4;
    case 2:
      store<u32>(out, 0x736c6166); // fals
      store<u8>(out, 0x65, 4);
      return out + 5;
    default:
      return 0;
  }
}

/** A double with its point: the JSON values 1.0 and 1 differ. */
function putJsonDouble(value: f64, out: usize): usize {
  const to = putDouble(value, out);
  if (!isWhole(value) || abs(value) >= 1e21) return to;
  store<u16>(to, 0x302e);
  return to + 2;
}

/** The length has seven bits per byte, lowest first; the highest bit: another byte follows. */
function putVariableString(at: usize, out: usize): usize {
  let length: usize = 0;
  for (let i: usize = 0; i < 4; i++) {
    if (!isInside(at, i + 1)) return 0;
    const byte: usize = load<u8>(at + i);
    length |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) return putString(at + i + 1, length, out);
  }
  return 0;
}

function putString(at: usize, length: usize, out: usize): usize {
  if (!isInside(at, length) || out + Layout.LONGEST_OF_BYTE * length > textEnd) return 0;
  return putUtf8(at, at + length, out);
}

/** `wide`: the width of an offset, bytes. */
function putObject(start: usize, wide: i32, out: usize, level: i32): usize {
  if (!isInside(start, 2 * wide)) return 0;
  const count = offsetAt(start, wide);
  const keys = start + 2 * wide;
  if (count > documentEnd - start) return 0;
  const values = keys + count * (wide + 2);
  if (!isInside(values, count * (1 + wide))) return 0;
  let to = out;
  store<u8>(to++, 0x7b);
  for (let i: usize = 0; i < count; i++) {
    if (i > 0) store<u8>(to++, 0x2c);
    const entry = keys + i * (wide + 2);
    const key = offsetAt(entry, wide);
    if (key > documentEnd - start) return 0;
    to = putString(start + key, load<u16>(entry + wide), to);
    if (to === 0) return 0;
    store<u8>(to, 0x3a);
    to = putEntry(start, values + i * (1 + wide), wide, to + 1, level);
    if (to === 0) return 0;
  }
  store<u8>(to, 0x7d);
  return to + 1;
}

function putArray(start: usize, wide: i32, out: usize, level: i32): usize {
  if (!isInside(start, 2 * wide)) return 0;
  const count = offsetAt(start, wide);
  const values = start + 2 * wide;
  if (count > documentEnd - start || !isInside(values, count * (1 + wide))) return 0;
  let to = out;
  store<u8>(to++, 0x5b);
  for (let i: usize = 0; i < count; i++) {
    if (i > 0) store<u8>(to++, 0x2c);
    to = putEntry(start, values + i * (1 + wide), wide, to, level);
    if (to === 0) return 0;
  }
  store<u8>(to, 0x5d);
  return to + 1;
}

function putEntry(container: usize, entry: usize, wide: i32, out: usize, level: i32): usize {
  const type: i32 = load<u8>(entry);
  if (isInlined(type, wide)) return putValue(type, entry + 1, out, level + 1);
  const offset = offsetAt(entry + 1, wide);
  return offset > documentEnd - container ? 0 : putValue(type, container + offset, out, level + 1);
}

function isInlined(type: i32, wide: i32): bool {
  return (
    type === LITERAL ||
    type === INT16 ||
    type === UINT16 ||
    (wide === 4 && (type === INT32 || type === UINT32))
  );
}

function offsetAt(at: usize, wide: i32): usize {
  return wide === 2 ? load<u16>(at) : load<u32>(at);
}
