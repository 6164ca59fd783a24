import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { BinlogGapError } from "../reporting/errors.ts";

/**
 * The binlog files in the order in which a dump names them. A file ends with the name of the one
 * that follows; where the server was killed or shut down it does not, and numbers go on by one. The
 * server sends what its index lists: where a line is missing, it goes on with another file.
 */
export class FileSequence {
  #file = "";
  /** The file that follows, as the end of the present one says it; null: it has not said so. */
  #following: string | null = null;

  /** Takes the name at the end of a file. */
  ends(following: string): void {
    this.#following = following;
  }

  /** Takes the name of the file that the server sends. Throws BinlogGapError. */
  enters(file: string): void {
    const expected = this.#following ?? (this.#file === "" ? file : fileAfter(this.#file));
    // A dump may name its present file again.
    if (file !== this.#file && file !== expected) throw new BinlogGapError(expected, file);
    this.#file = file;
    this.#following = null;
  }
}

function fileAfter(file: string): string {
  const dot = file.lastIndexOf(".");
  return `${file.slice(0, dot)}.${String(binlogFileNumber(file) + 1).padStart(6, "0")}`;
}
