import { viewOf } from "../view-of.ts";

/** An integer of 8 bytes, lowest first; as a bigint only when a number cannot represent it. */
export function wholeNumber(bytes: Buffer, at: number): number | bigint {
  const view = viewOf(bytes);
  const high = view.getUint32(at + 4, true);
  return high < 2 ** 21 ? high * 2 ** 32 + view.getUint32(at, true) : view.getBigUint64(at, true);
}
