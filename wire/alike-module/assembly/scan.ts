import {
  EARLIER,
  FOUND,
  FOUND_BYTES,
  FOUND_COUNTS,
  INTEGER,
  JOINED,
  JOINED_BYTES,
  JOINED_FROM,
  JOINED_LENGTH,
  JOINED_STRING,
  JOINED_UP_TO,
  LATEST,
  MOST_VALUES,
  OBJECT_COUNT,
  SLOT_BYTES,
  STRING,
} from "./layout";
import { end, endOfValue, isObject, kind, number, read, sameBytes, start } from "./value";

export { endOfValue };

const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const CLOSE: u8 = 0x7d;

/** How long the strings at `JOINED` are together. */
let joined: i32 = 0;
/** Where the values that were found end. */
let foundEnd: usize = 0;

/**
 * Reads the objects from `at` on that have the form, as long as they follow each other and the room
 * for their values is likely to suffice: `most` at most. Writes to `FOUND` which values differ.
 * Returns where the last object ends; 0 when the first has another form or is no JSON.
 */
export function scan(at: usize, form: usize, values: usize, most: u32): usize {
  const lastFound: usize = FOUND + (MOST_VALUES - values) * FOUND_BYTES;
  let found: usize = FOUND;
  let objects: u32 = 0;
  let end: usize = 0;
  let longest = 0;
  let from = at;
  joined = 0;
  while (objects < most && found <= lastFound && joined + longest <= JOINED_BYTES) {
    const joinedBefore = joined;
    const behind = scanOne(from, form, values, found);
    if (behind === 0) {
      joined = joinedBefore;
      break;
    }
    store<u32>(FOUND_COUNTS + (objects << 2), <u32>((foundEnd - found) / FOUND_BYTES));
    found = foundEnd;
    longest = max(longest, joined - joinedBefore);
    objects++;
    end = behind;
    if (load<u8>(end) !== COMMA) break;
    from = end + 1;
  }
  store<u32>(OBJECT_COUNT, objects);
  store<u32>(JOINED_LENGTH, <u32>joined);
  return end;
}

/**
 * Reads the object at `at` if it has the form: the names of the object before, in the same order.
 * Returns where the object ends; 0 when it has another form or is no JSON, and then the form is as
 * before.
 */
function scanOne(at: usize, form: usize, values: usize, found: usize): usize {
  let slot = form;
  let latest: usize = LATEST;
  for (let index: usize = 0; index < values; index++) {
    const last = <usize>load<u32>(slot);
    const before = <usize>load<u32>(slot, 8);
    let size = <usize>load<u32>(slot, 4);
    const same = sameBytes(at, last, size);
    if (same < size || !endsValue(at, before, size)) {
      if (same < before) return 0;
      const behind = read(at + before);
      if (behind === 0) return 0;
      size = behind - at;
      putFound(found, index, earlierSlot(at + before, size - before, form, slot));
      found += FOUND_BYTES;
    }
    store<u32>(latest, <u32>at);
    store<u32>(latest, <u32>size, 4);
    latest += 8;
    slot += SLOT_BYTES;
    at += size;
  }
  const length = <usize>load<u32>(slot, 8);
  if (sameBytes(at, <usize>load<u32>(slot), length) < length) return 0;
  foundEnd = found;
  keepLatest(form, slot);
  return at + length;
}

/**
 * Whether a value, which the object before has too, ends behind `size` bytes: a number may go on.
 * What becomes an object is read anew each time, because two changes must not share it.
 */
function endsValue(at: usize, before: usize, size: usize): bool {
  const next = load<u8>(at + size);
  return (next === COMMA || next === CLOSE) && !isObject(at + before, at + size);
}

function putFound(found: usize, index: usize, earlier: u32): void {
  store<u32>(found, <u32>index);
  if (earlier !== 0) {
    store<u32>(found, EARLIER, 4);
    store<u32>(found, earlier - 1, 8);
    return;
  }
  store<u32>(found, kind, 4);
  if (kind === INTEGER) {
    store<f64>(found, number, 8);
  } else if (kind === STRING && isJoined(<i32>(end - start))) {
    store<u32>(found, JOINED_STRING, 4);
    store<u32>(found, joined, 8);
    memory.copy(JOINED + joined, start, end - start);
    joined += <i32>(end - start);
    store<u32>(found, joined, 12);
  } else {
    store<u32>(found, <u32>start, 8);
    store<u32>(found, <u32>end, 12);
  }
}

function isJoined(length: i32): bool {
  return length >= JOINED_FROM && length <= JOINED_UP_TO && joined + length <= JOINED_BYTES;
}

/** The earlier slot that has the string at `at`, counted from 1; 0 when it has another value. */
function earlierSlot(at: usize, size: usize, form: usize, slot: usize): u32 {
  const earlier = load<u32>(slot, 12);
  if (earlier === 0 || load<u8>(at) !== QUOTE) return 0;
  const index: usize = earlier - 1;
  const before = <usize>load<u32>(form + index * SLOT_BYTES, 8);
  const latest: usize = (index << 3) + LATEST;
  return <usize>load<u32>(latest, 4) === before + size &&
    sameBytes(at, <usize>load<u32>(latest) + before, size) === size
    ? earlier
    : 0;
}

/** The object that was read is the one before from now on. */
function keepLatest(form: usize, slots: usize): void {
  let latest: usize = LATEST;
  for (let slot = form; slot < slots; slot += SLOT_BYTES) {
    store<u64>(slot, load<u64>(latest));
    latest += 8;
  }
}
