import type { RowChange } from "./transaction.ts";

/** Estimated overhead per held change, bytes; an upper bound. */
const OBJECT_BYTES = 256;

/** The changes of an XA transaction, held in memory until it commits. */
export class HeldChanges {
  readonly xid: string;
  readonly list: RowChange[] = [];
  /** The memory that the changes take, bytes; an upper bound. */
  bytes = 0;

  constructor(xid: string) {
    this.xid = xid;
  }

  add(change: RowChange): void {
    this.list.push({ ...change, texts: change.texts.kept() });
    this.bytes += OBJECT_BYTES + change.texts.length;
  }
}
