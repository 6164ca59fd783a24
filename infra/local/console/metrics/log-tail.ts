import { open } from "node:fs/promises";
import { cutLog } from "./cut-log.ts";

/** Most bytes read in one look; the rest waits for the next look. This bounds the memory in use. */
const MOST_BYTES = 4 * 1024 * 1024;
/** A larger log is cut, so that a stack that runs for days does not fill the disk. */
const LARGEST_LOG = 64 * 1024 * 1024;

/**
 * Reads what was appended to a file since the last look, line by line. When all of it is read and
 * the file is larger than `largest` bytes, its content is moved to `<path>.1`.
 */
export class LogTail {
  readonly #path: string;
  readonly #largest: number;
  #offset = 0;
  /** Read bytes that are not handed out: the beginning of a line, or what `cutLog` returned. */
  #waiting: Buffer = Buffer.alloc(0);
  /** The beginning of a line that is longer than MOST_BYTES. */
  #rest = "";

  constructor(path: string, largest = LARGEST_LOG) {
    this.#path = path;
    this.#largest = largest;
  }

  /** The new complete lines; empty while the file cannot be read. */
  async read(): Promise<string[]> {
    let bytes: Buffer;
    try {
      bytes = await this.#readNew();
    } catch {
      return [];
    }
    if (bytes.length === 0) return [];
    const lines = (this.#rest + bytes.toString("utf8")).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines;
  }

  async #readNew(): Promise<Buffer> {
    await using file = await open(this.#path, "r");
    const { size } = await file.stat();
    const length = Math.min(Math.max(0, size - this.#offset), MOST_BYTES);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, this.#offset);
    this.#offset += bytesRead;
    const bytes = Buffer.concat([this.#waiting, buffer.subarray(0, bytesRead)]);
    // End at a line break, so that no UTF-8 character is cut.
    const lineEnd = bytes.lastIndexOf(0x0a) + 1;
    const end = lineEnd === 0 && bytes.length >= MOST_BYTES ? bytes.length : lineEnd;
    this.#waiting = Buffer.from(bytes.subarray(end));
    // A failure, for example of a full disk, is tried again at the next look.
    if (this.#offset > this.#largest && this.#offset >= size)
      await this.#cut().catch(() => undefined);
    return bytes.subarray(0, end);
  }

  async #cut(): Promise<void> {
    const appended = await cutLog(this.#path, this.#offset);
    this.#offset = 0;
    this.#waiting = Buffer.concat([this.#waiting, appended]);
  }
}
