import { copyBlocks, roomAt } from "./bytes";
import { putImage, written } from "./image";
import * as Layout from "./layout";

/**
 * Writes the rows of an event that begin at `from` and end at `end`: an image of the columns of the
 * program `first`, and, when `second` is not 0, an after image behind it. `isBefore`: whether the
 * first image is the row before the change. It stops before a row that it does not write, at the
 * latest when the output or the records are full.
 *
 * Returns the number of rows, whose texts and records are in memory, and sets `NEXT`.
 */
export function putRows(first: usize, second: usize, isBefore: bool, from: usize, end: usize): i32 {
  let at = from;
  let out: usize = Layout.OUTPUT;
  let rows = 0;
  let record: usize = Layout.RECORDS;
  while (at < end && rows < Layout.MOST_ROWS) {
    const next =
      second === 0
        ? putRow(first, isBefore, at, end, record, out)
        : putUpdate(first, second, at, end, record, out);
    if (next === 0) break;
    at = next;
    out = load<usize>(record, 12);
    rows++;
    record += Layout.RECORD_WORDS * 4;
  }
  store<usize>(Layout.NEXT, at);
  return rows;
}

/** Writes an inserted or a deleted row. Returns where it ends; 0 when it does not write it. */
function putRow(
  program: usize,
  isBefore: bool,
  from: usize,
  end: usize,
  record: usize,
  out: usize,
): usize {
  const spans: usize = isBefore ? Layout.BEFORE_SPANS : Layout.AFTER_SPANS;
  const next = putImage(program, from, end, spans, out);
  if (next === 0) return 0;
  const imageEnd = written;
  const keyEnd = putKey(program, spans, spans, imageEnd);
  if (keyEnd === 0) return 0;
  store<usize>(record, isBefore ? imageEnd : out);
  store<usize>(record, imageEnd, 4);
  store<usize>(record, keyEnd, 8);
  store<usize>(record, keyEnd, 12);
  return next;
}

/** Like `putRow`, for an updated row. The old key is left out when the key did not change. */
function putUpdate(
  first: usize,
  second: usize,
  from: usize,
  end: usize,
  record: usize,
  out: usize,
): usize {
  const middle = putImage(first, from, end, Layout.BEFORE_SPANS, out);
  if (middle === 0) return 0;
  const beforeEnd = written;
  const next = putImage(second, middle, end, Layout.AFTER_SPANS, beforeEnd);
  if (next === 0) return 0;
  const afterEnd = written;
  // A MINIMAL after image has only the changed columns; the other key columns are unchanged.
  const keyEnd = putKey(second, Layout.AFTER_SPANS, Layout.BEFORE_SPANS, afterEnd);
  if (keyEnd === 0) return 0;
  const oldKeyEnd = putKey(first, Layout.BEFORE_SPANS, Layout.BEFORE_SPANS, keyEnd);
  if (oldKeyEnd === 0) return 0;
  const length = keyEnd - afterEnd;
  const isSame = oldKeyEnd - keyEnd === length && memory.compare(afterEnd, keyEnd, length) === 0;
  store<usize>(record, beforeEnd);
  store<usize>(record, afterEnd, 4);
  store<usize>(record, keyEnd, 8);
  store<usize>(record, isSame ? keyEnd : oldKeyEnd, 12);
  return next;
}

/**
 * Writes the key, each value from `spans` or else from `others`; nothing when a value is in
 * neither. Returns the key's end; 0 when there is no room.
 */
function putKey(program: usize, spans: usize, others: usize, out: usize): usize {
  const columns = load<i32>(program, Layout.PROGRAM_KEY_COLUMNS);
  const prefixes = program + load<i32>(program, Layout.PROGRAM_KEY_PREFIXES);
  let to = out;
  for (let i = 0; i < columns; i++) {
    const span = (load<usize>(spans + i * 8) !== 0 ? spans : others) + i * 8;
    const start = load<usize>(span);
    if (start === 0) return out;
    const length = load<usize>(span, 4) - start;
    const prefixLength = load<usize>(prefixes + i * 8, 4);
    if (prefixLength + length + 1 > roomAt(to)) return 0;
    to = copyBlocks(program + load<usize>(prefixes + i * 8), <i32>prefixLength, to);
    to = copyBlocks(start, <i32>length, to);
  }
  if (columns > 0) store<u8>(to++, 0x7d);
  return to;
}
