/** The texts of a change that exist. */
interface Texts {
  readonly before?: string;
  readonly after?: string;
  readonly key?: string;
  readonly oldKey?: string;
}

/**
 * The JSON texts of one change, in UTF-8; an absent text has no bytes. `before` and `after` are the
 * row images, without columns that the binlog omitted. `key` is the primary key as an object; it is
 * absent when the table has none or the images lack a part of it. `oldKey` is the key before an
 * update that changed it.
 *
 * The texts are in one buffer, from `start` on: before, after, key, old key. Texts from a decoder
 * are valid until it decodes the next row.
 */
export class RowTexts {
  bytes: Buffer;
  start = 0;
  beforeEnd: number;
  afterEnd: number;
  keyEnd: number;
  oldKeyEnd: number;
  /** Whether the after image has all columns of the table, or does not exist. */
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
    return this.bytes.toString("utf8", this.start, this.beforeEnd);
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

  /** The total length of the texts, bytes. */
  get length(): number {
    return this.oldKeyEnd - this.start;
  }

  /** A copy that stays valid. */
  kept(): RowTexts {
    const { start, beforeEnd, afterEnd, keyEnd, oldKeyEnd } = this;
    const kept = new RowTexts(
      Buffer.from(this.bytes.subarray(start, oldKeyEnd)),
      beforeEnd - start,
      afterEnd - start,
      keyEnd - start,
      oldKeyEnd - start,
    );
    kept.isWhole = this.isWhole;
    return kept;
  }
}
