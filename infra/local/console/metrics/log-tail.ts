import { open } from "node:fs/promises";

/** More is read in the next look: a log that grows faster must not fill the memory. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Reads what was appended to a file since the last look, line by line. */
export class LogTail {
  readonly #path: string;
  #offset = 0;
  /** The beginning of a line whose end was not there yet. */
  #rest = "";

  constructor(path: string) {
    this.#path = path;
  }

  /** The whole lines that are new; none while the file is not there. */
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
    // Not in the middle of a line, so that no character is cut.
    const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
    return buffer.subarray(0, end === 0 && bytesRead === MOST_BYTES ? bytesRead : end);
  }
}
