/** How many bytes are read in one turn of the event loop. */
const TURN_BYTES = 256 * 1024;

/**
 * Lets the event loop go on between reads. While bytes wait, libuv reads 32 times in a turn: 2 MiB,
 * which have more small transactions than a frame. A frame's compression, its request and the
 * answer would each wait for the end of such a turn.
 */
export class ReadTurns {
  #bytes = 0;

  /**
   * Whether reading goes on at once after `count` bytes. If not, `resume` is called in the next
   * turn.
   */
  goesOn(count: number, resume: () => void): boolean {
    this.#bytes += count;
    if (this.#bytes < TURN_BYTES) return true;
    this.#bytes = 0;
    setImmediate(resume);
    return false;
  }
}
