/** A place in a server's binlog, between two events. */
export interface Place {
  readonly fileNumber: number;
  readonly offset: number;
}

/** Whether one place lies before another one. */
export function isBefore(a: Place, b: Place): boolean {
  return a.fileNumber < b.fileNumber || (a.fileNumber === b.fileNumber && a.offset < b.offset);
}

/** How far the stream was read, for whoever waits until it has passed a place. */
export class ReadPlace {
  #fileNumber = 0;
  #offset = 0;
  readonly #waiting = new Set<() => void>();

  /** Told after every event. */
  advance(fileNumber: number, offset: number): void {
    this.#fileNumber = fileNumber;
    this.#offset = offset;
    for (const look of this.#waiting) look();
  }

  hasPassed({ fileNumber, offset }: Place): boolean {
    return (
      this.#fileNumber > fileNumber || (this.#fileNumber === fileNumber && this.#offset >= offset)
    );
  }

  /** Whether the stream passes a place within `timeoutMs`. */
  async passes(place: Place, timeoutMs: number): Promise<boolean> {
    if (this.hasPassed(place)) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = (): void => {
      if (this.hasPassed(place)) resolve(true);
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
