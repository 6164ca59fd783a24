/** Texts of a change, where there are any. */
interface Texts {
  readonly before?: string;
  readonly after?: string;
  readonly key?: string;
  readonly oldKey?: string;
}

/**
 * The finished JSON texts of one change, as bytes of UTF-8; a text that there is not has no bytes.
 * `key` is the primary key as an object (none when the table has none or the images lack a part of
 * it), `oldKey` the key before an update that changed it, `before` and `after` are the row images,
 * without the columns that the binlog left out.
 *
 * They lie one behind the other: before, after, key, old key. Those that a decoder hands out are
 * valid until it decodes the next row.
 */
export class RowTexts {
  bytes: Buffer;
  beforeEnd: number;
  afterEnd: number;
  keyEnd: number;
  oldKeyEnd: number;
  /** Whether what is after has all columns of the table, or there is nothing after. */
  isWhole = true;

  constructor(bytes: Buffer, beforeEnd = 0, afterEnd = 0, keyEnd = 0, oldKeyEnd = 0) {
    this.bytes = bytes;
    this.beforeEnd = beforeEnd;
    this.afterEnd = afterEnd;
    this.keyEnd = keyEnd;
    this.oldKeyEnd = oldKeyEnd;
  }

  static of({ before = "", after = "", key = "", oldKey = "" }: Texts): RowTexts {
    let end = 0;
    const ends = [before, after, key, oldKey].map((text) => (end += Buffer.byteLength(text)));
    return new RowTexts(Buffer.from(before + after + key + oldKey), ...ends);
  }

  get before(): string {
    return this.bytes.toString("utf8", 0, this.beforeEnd);
  }

  get after(): string {
    return this.bytes.toString("utf8", this.beforeEnd, this.afterEnd);
  }

  get key(): string {
    return this.bytes.toString("utf8", this.afterEnd, this.keyEnd);
  }

  get oldKey(): string {
    return this.bytes.toString("utf8", this.keyEnd, this.oldKeyEnd);
  }

  /** How many bytes they are together. */
  get length(): number {
    return this.oldKeyEnd;
  }

  /** The same in memory of its own, valid for ever. */
  kept(): RowTexts {
    const bytes = Buffer.from(this.bytes.subarray(0, this.oldKeyEnd));
    const kept = new RowTexts(bytes, this.beforeEnd, this.afterEnd, this.keyEnd, this.oldKeyEnd);
    kept.isWhole = this.isWhole;
    return kept;
  }
}
