import type { RowChange } from "./transaction.ts";

/** What an object and its place in a list take, bytes, roughly and rather too much. */
const OBJECT_BYTES = 256;

/** The changes of an XA transaction, kept back in memory until it commits. */
export class HeldChanges {
  readonly xid: string;
  readonly list: RowChange[] = [];
  /** What they take in memory, at most. */
  bytes = 0;

  constructor(xid: string) {
    this.xid = xid;
  }

  add(change: RowChange): void {
    const { key, oldKey, before, after } = change;
    this.list.push(change);
    // A text of other letters than Latin ones takes two bytes for each.
    this.bytes += OBJECT_BYTES + 2 * (key.length + oldKey.length + before.length + after.length);
  }
}
