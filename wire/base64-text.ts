/**
 * A text that is `prefix` and then `bytes` in base64. It stays bytes until it is written into a
 * request: a string of it would be large enough to make V8 collect its whole heap sooner.
 */
export class Base64Text {
  /** Printable ASCII without quote and backslash. */
  readonly prefix: string;
  readonly bytes: Buffer;

  constructor(prefix: string, bytes: Buffer) {
    this.prefix = prefix;
    this.bytes = bytes;
  }

  /** Characters, which are bytes in UTF-8 and in a JSON string, too. */
  get length(): number {
    return this.prefix.length + 4 * Math.ceil(this.bytes.length / 3);
  }

  /** Writes the text into `target`, which has room for it; returns where it ends. */
  writeTo(target: Buffer, start: number): number {
    let to = start + target.write(this.prefix, start, "latin1");
    for (let from = 0; from < this.bytes.length; from += PIECE_BYTES) {
      const piece = this.bytes.toString("base64", from, from + PIECE_BYTES);
      to += target.write(piece, to, "latin1");
    }
    return to;
  }

  toString(): string {
    return this.prefix + this.bytes.toString("base64");
  }
}

/** A multiple of 3, so that only the last piece is padded. */
const PIECE_BYTES = 24 * 1024;
