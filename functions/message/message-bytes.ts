import type { ChangeBytes } from "../../wire/change-bytes.ts";
import { encodeHead, MESSAGE_END } from "../../wire/message.ts";
import { RequestBuffers } from "../../wire/request-buffers.ts";
import { Utf8Text } from "../../wire/utf8-text.ts";

/** A buffer that is too small is replaced by one of so many times its size. */
const GROWTH = 4;
/** Larger buffers are those of `buffers`, which are used for one message after the other. */
const SMALL_BYTES = 16 * 1024;
/** Larger buffers are not kept. A message needs one only with very many escaped characters. */
const USUAL_BYTES = 2 * 1024 * 1024;
const COMMA = 44;

const buffers = new RequestBuffers();

type Head = Parameters<typeof encodeHead>[0];

/** The bytes of one message, to which changes are added as they come. */
export class MessageBytes {
  #buffer: Buffer;
  /** Whether the buffer is one of `buffers`. */
  #isLent = false;
  /** Where the first change begins. The head goes before it: it names the last change. */
  readonly #start: number;
  #end: number;

  /** `head` is as long as the one that `finish` gets. */
  constructor(head: Head, change: ChangeBytes) {
    this.#start = Buffer.byteLength(encodeHead(head));
    this.#end = this.#start;
    this.#buffer = Buffer.allocUnsafe(this.#start + change.length + MESSAGE_END.length);
    this.#append(change);
  }

  add(change: ChangeBytes): void {
    this.#reserve(1 + change.length + MESSAGE_END.length);
    this.#buffer[this.#end++] = COMMA;
    this.#append(change);
  }

  /** Up to so many bytes of the latest changes. The next change may overwrite them. */
  tail(bytes: number): Buffer {
    return this.#buffer.subarray(Math.max(this.#start, this.#end - bytes), this.#end);
  }

  finish(head: Head): Utf8Text {
    const text = encodeHead(head);
    const start = this.#start - Buffer.byteLength(text);
    if (start < 0) throw new RangeError("the head of a message has become longer");
    this.#buffer.write(text, start);
    const end = this.#end + this.#buffer.write(MESSAGE_END, this.#end);
    const written = this.#buffer.subarray(start, end);
    if (!this.#isLent) return new Utf8Text(written);
    const bytes = Buffer.allocUnsafeSlow(written.length);
    written.copy(bytes);
    buffers.giveBack(this.#buffer);
    return new Utf8Text(bytes);
  }

  #append(change: ChangeBytes): void {
    change.copyTo(this.#buffer, this.#end);
    this.#end += change.length;
  }

  #reserve(bytes: number): void {
    const { length } = this.#buffer;
    const needed = this.#end + bytes;
    if (needed <= length) return;
    const wanted = Math.max(needed, Math.min(GROWTH * length, USUAL_BYTES));
    const isLent = wanted > SMALL_BYTES;
    const larger = isLent ? buffers.take(wanted) : Buffer.allocUnsafe(wanted);
    this.#buffer.copy(larger, 0, 0, this.#end);
    if (this.#isLent) buffers.giveBack(this.#buffer);
    this.#buffer = larger;
    this.#isLent = isLent;
  }
}
