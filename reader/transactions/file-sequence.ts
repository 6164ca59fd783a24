import { BinlogGapError, BinlogInterruptedError } from "../reporting/errors.ts";
import { fileAfter, type KnownFiles } from "./known-files.ts";

/**
 * The binlog files in the order in which a dump names them. A file ends with the name of the one
 * that follows; where the server was killed or shut down it does not, and numbers go on by one, or
 * leave out those of stray files in the directory. The server sends what its index lists: where a
 * line is missing, it goes on with another file.
 */
export class FileSequence {
  readonly #known: KnownFiles;
  #file = "";
  /** The file that follows, as the end of the present one says it; null: it has not said so. */
  #following: string | null = null;

  constructor(known: KnownFiles) {
    this.#known = known;
  }

  /** Takes the name at the end of a file. */
  ends(following: string): void {
    this.#following = following;
  }

  /**
   * Takes the name of the file that the server sends. Throws BinlogGapError, or
   * BinlogInterruptedError where the server has to be asked about the file first.
   */
  enters(file: string): void {
    // A dump may name its present file again.
    if (this.#file !== "" && file !== this.#file) this.#follows(file);
    this.#file = file;
    this.#following = null;
  }

  #follows(file: string): void {
    const expected = this.#following ?? fileAfter(this.#file);
    if (file === expected) return;
    if (this.#following === null) {
      if (this.#known.proven.has(file)) return;
      if (!this.#known.listed.has(file))
        throw new BinlogInterruptedError(
          `${file} came behind ${this.#file} since this reader connected`,
        );
    }
    throw new BinlogGapError(expected, file);
  }
}
