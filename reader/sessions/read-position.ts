import { type BinlogPosition, isBefore } from "../transactions/binlog-position.ts";

/** The position up to which the binlog was read. Callers can wait until a position is passed. */
export class ReadPosition implements BinlogPosition {
  fileNumber = 0;
  offset = 0;
  readonly #waiting = new Set<() => void>();

  /** Called after every event. */
  advance(fileNumber: number, offset: number): void {
    this.fileNumber = fileNumber;
    this.offset = offset;
    if (this.#waiting.size > 0) for (const look of this.#waiting) look();
  }

  hasPassed(position: BinlogPosition): boolean {
    return !isBefore(this, position);
  }

  /** Waits until a position is passed; returns false if that takes longer than `timeoutMs`. */
  async passes(position: BinlogPosition, timeoutMs: number): Promise<boolean> {
    if (this.hasPassed(position)) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = (): void => {
      if (this.hasPassed(position)) resolve(true);
    };
    this.#waiting.add(look);
    const timeout = setTimeout(resolve, timeoutMs, false);
    try {
      return await promise;
    } finally {
      clearTimeout(timeout);
      this.#waiting.delete(look);
    }
  }
}
