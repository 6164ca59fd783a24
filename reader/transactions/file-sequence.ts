import { BinlogGapError, BinlogInterruptedError } from "../reporting/errors.ts";
import { fileAfter, type KnownFiles } from "./known-files.ts";

/**
 * Checks that a dump leaves out no binlog file. A file ends with the name of the next one, unless
 * the server was killed or shut down; then the next number follows, or a later one if stray files
 * in the directory have the numbers between. The server sends the files of its index: if a line is
 * missing there, it skips that file.
 */
export class FileSequence {
  readonly #known: KnownFiles;
  #file = "";
  /** The next file, as named at the end of the present one; null when it is not named. */
  #following: string | null = null;

  constructor(known: KnownFiles) {
    this.#known = known;
  }

  /** Called with the file name at the end of a file. */
  ends(following: string): void {
    this.#following = following;
  }

  /**
   * Called with the name of the file that the server sends. Throws BinlogGapError if a file is
   * missing before it, and BinlogInterruptedError if the file is newer than `KnownFiles`: the next
   * attempt then checks it.
   */
  enters(file: string): void {
    // The dump may repeat the name of the present file.
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
          `${file} follows ${this.#file}, and the server began it after this reader connected`,
        );
    }
    throw new BinlogGapError(expected, file);
  }
}
