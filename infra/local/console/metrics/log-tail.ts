import { open } from "node:fs/promises";

/** Most bytes read in one look; the rest waits for the next look. This bounds the memory in use. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Reads what was appended to a file since the last look, line by line. */
export class LogTail {
  readonly #path: string;
  #offset = 0;
  /** The beginning of a line whose end has not been written yet. */
  #rest = "";

  constructor(path: string) {
    this.#path = path;
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
    this.#offset += bytes.length;
    const lines = (this.#rest + bytes.toString("utf8")).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines;
  }

  async #readNew(): Promise<Buffer> {
    await using file = await open(this.#path, "r");
    const { size } = await file.stat();
    const length = Math.min(size - this.#offset, MOST_BYTES);
    if (length <= 0) return Buffer.alloc(0);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, this.#offset);
    // End at a line break, so that no UTF-8 character is cut.
    const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
    return buffer.subarray(0, end === 0 && bytesRead === MOST_BYTES ? bytesRead : end);
  }
}
