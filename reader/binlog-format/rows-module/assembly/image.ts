import { putBase64 } from "./binary";
import { bigEndianAt, copyBlocks, intAt, roomAt, uintAt } from "./bytes";
import { putDecimal } from "./decimal";
import { putInt64, putUint64 } from "./digits";
import { putEnum, putSet } from "./enum-set";
import { putDouble, putFloat } from "./floats";
import { putDocument } from "./json";
import * as Layout from "./layout";
import { putDateValue, putDatetime, putTime, putTimestamp } from "./temporal";
import { putSingleByte, putUtf8 } from "./text";
import { putVector } from "./vector";

/**
 * Writes the value of a column whose bytes, with their length, begin at `at`, as the column's
 * writer in TypeScript does; returns where it stopped, or 0 when it leaves the row to the decoder.
 * It is called for the values that are not written here.
 */
declare function otherValue(program: usize, column: i32, at: usize, out: usize): usize;

const NULL = 0x6c6c756e;
const NULL_LENGTH: usize = 4;
const ABSENT = 0;

/** Where the last image that was written ends in the output. */
export let written: usize = 0;

/**
 * Writes the image at `from`, which ends at `limit` at the latest, as a JSON object at `out`, and
 * the places of its values of the primary key at `spans`. Returns where the image ends; 0 when
 * there is no room for its text, or when it has something that is not written here.
 */
export function putImage(
  program: usize,
  from: usize,
  limit: usize,
  spans: usize,
  out: usize,
): usize {
  const columns = load<i32>(program, Layout.PROGRAM_COLUMNS);
  const keyColumns = load<i32>(program, Layout.PROGRAM_KEY_COLUMNS);
  for (let i = 0; i < keyColumns; i++) store<usize>(spans + i * 8, ABSENT);
  let at = from + load<i32>(program, Layout.PROGRAM_NULL_BYTES);
  if (at > limit) return 0;
  let to = out;
  let step = program + Layout.PROGRAM_STEPS;
  for (let i = 0; i < columns; i++, step += Layout.STEP_BYTES) {
    const stored = load<i32>(step, Layout.STEP_STORED);
    const prefixLength = load<i32>(step, Layout.STEP_PREFIX_LENGTH);
    const prefix = program + load<i32>(step, Layout.STEP_PREFIX);
    if (<usize>prefixLength + NULL_LENGTH > roomAt(to)) return 0;
    to = copyBlocks(prefix, prefixLength, to);
    const start = to;
    if (load<u8>(from + (i >> 3)) & (1 << (i & 7))) {
      store<u32>(to, NULL);
      to += NULL_LENGTH;
    } else {
      const begin = stored < 0 ? at - stored : at;
      if (begin > limit) return 0;
      const length = stored < 0 ? <usize>uintAt(at, -stored) : stored;
      if (length > limit - begin) return 0;
      const longest =
        load<usize>(step, Layout.STEP_LONGEST) +
        load<usize>(step, Layout.STEP_LONGEST_PER_BYTE) * length;
      if (longest > roomAt(to)) return 0;
      const value = at;
      at = begin + length;
      to = putValue(program, step, begin, at, start);
      if (to === 0) to = otherValue(program, i, value, start);
      if (to === 0) return 0;
    }
    const keyIndex = load<i32>(step, Layout.STEP_KEY_INDEX);
    if (keyIndex >= 0) {
      store<usize>(spans + keyIndex * 8, start);
      store<usize>(spans + keyIndex * 8, to, 4);
    }
  }
  store<u8>(to, 0x7d);
  written = to + 1;
  return at;
}

/** Writes the value from `from` to `end`; returns where it stopped, or 0. */
function putValue(program: usize, step: usize, from: usize, end: usize, out: usize): usize {
  const argument = load<i32>(step, Layout.STEP_ARGUMENT);
  const length = <i32>(end - from);
  switch (load<i32>(step, Layout.STEP_OPERATION)) {
    case Layout.SIGNED:
      return putInt64(intAt(from, length), out);
    case Layout.UNSIGNED:
      return putUint64(uintAt(from, length), out);
    case Layout.YEAR: {
      const year = uintAt(from, 1);
      return putUint64(year === 0 ? 0 : 1900 + year, out);
    }
    case Layout.BIT:
      return putUint64(bigEndianAt(from, length), out);
    case Layout.FLOAT:
      return putFloat(load<f32>(from), out);
    case Layout.DOUBLE:
      return putDouble(load<f64>(from), out);
    case Layout.DECIMAL:
      return putDecimal(from, argument >> 8, argument & 0xff, out);
    case Layout.DATE:
      return putDateValue(from, out);
    case Layout.DATETIME:
      return putDatetime(from, argument, out);
    case Layout.TIMESTAMP:
      return putTimestamp(from, argument, out);
    case Layout.TIME:
      return putTime(from, argument, out);
    case Layout.UTF8:
      return putUtf8(from, end, out);
    case Layout.SINGLE_BYTE:
      return putSingleByte(from, end, program + argument, out);
    case Layout.BINARY: {
      const start = min(from + argument, end);
      return putBase64(start, end, <i32>(end - start), out);
    }
    case Layout.FIXED_BINARY:
      return putBase64(from, min(end, from + argument), argument, out);
    case Layout.ENUM:
      return putEnum(<usize>uintAt(from, length), program, program + argument, out);
    case Layout.SET:
      return putSet(uintAt(from, length), program, program + argument, out);
    case Layout.JSON_DOCUMENT:
      return putDocument(from, end, out);
    case Layout.VECTOR:
      return putVector(from, end, out);
    default:
      return 0;
  }
}
