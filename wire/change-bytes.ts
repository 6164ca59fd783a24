import type { KeyChangeHalf } from "./change-text.ts";
import type { Predecessor } from "./compact-links.ts";
import type { CompactPieces, PutCompact } from "./compact-text.ts";
import type { FrameChange } from "./frame.ts";
import { legalText } from "./legal-text.ts";
import type { Author } from "./session.ts";
import type { SharedText } from "./shared-text.ts";

/** The most bytes of a character of a string in UTF-8. The bytes of a long piece are counted. */
const MOST_BYTES = 3;
const LONG = 64 * 1024;
/** A call of Node's own function takes longer than so many characters here. */
const SHORT = 32;
const ASCII = 127;

/**
 * Writes changes as JSON in UTF-8, without characters that SQS refuses, into one buffer, which the
 * next change overwrites. The last change stays there for all queues that ask for it behind the
 * same predecessor.
 */
export class ChangeBytes implements CompactPieces {
  readonly #putChange: PutCompact;
  #buffer = Buffer.allocUnsafe(2048);
  #end = 0;
  /** How many bytes the escapes for refused characters have added. */
  #added = 0;
  #omitted = 0;
  #latest: FrameChange | null = null;
  #previous: FrameChange | undefined;

  constructor(putChange: PutCompact) {
    this.#putChange = putChange;
  }

  /**
   * Writes a change, or one half of it, in place of the one before. `previous`: the change before
   * it in its message, where its text depends on that.
   */
  write(
    change: FrameChange,
    author: Author,
    half: KeyChangeHalf | undefined,
    previous: Predecessor | null = null,
  ): void {
    const before = previous?.change;
    if (half === undefined && change === this.#latest && before === this.#previous) return;
    this.#latest = null;
    this.#end = 0;
    this.#added = 0;
    this.#omitted = 0;
    this.#putChange(this, change, author, half, previous);
    if (half !== undefined) return;
    this.#latest = change;
    this.#previous = before;
  }

  /** The number of bytes of the change. */
  get length(): number {
    return this.#end;
  }

  /** The same before refused characters were escaped. */
  get lengthUnescaped(): number {
    return this.#end - this.#added;
  }

  /** The same of the change as an envelope has it. */
  get lengthInEnvelope(): number {
    return this.lengthUnescaped + this.#omitted;
  }

  /** Copies the change's bytes to a place in `target`. */
  copyTo(target: Buffer, start: number): void {
    this.#buffer.copy(target, start, 0, this.#end);
  }

  put(piece: string): void {
    const { length } = piece;
    this.#reserve(length < LONG ? MOST_BYTES * length : Buffer.byteLength(piece));
    if (length > SHORT || !this.#putAscii(piece)) {
      this.#end += this.#buffer.write(piece, this.#end);
    }
  }

  putText(piece: string): void {
    const legal = legalText(piece);
    if (legal !== piece) this.#added += Buffer.byteLength(legal) - Buffer.byteLength(piece);
    this.put(legal);
  }

  putShared(piece: SharedText): void {
    const bytes = piece.use();
    if (bytes === null) return this.putText(piece.text);
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
    this.#added += piece.added;
  }

  omit(bytes: number): void {
    this.#omitted += bytes;
  }

  /** Returns false when the piece has other characters; nothing is added then. */
  #putAscii(piece: string): boolean {
    const buffer = this.#buffer;
    let to = this.#end;
    for (let at = 0; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      if (code > ASCII) return false;
      buffer[to++] = code;
    }
    this.#end = to;
    return true;
  }

  #reserve(bytes: number): void {
    const length = this.#end + bytes;
    if (length <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}
