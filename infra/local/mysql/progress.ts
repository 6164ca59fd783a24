/** Receives what a longer preparation is doing, for a person to read. */
export interface Progress {
  /** A step begins. */
  step(text: string): void;
  /** Bytes that arrived so far in the present step, of how many. */
  bytes(received: number, total: number): void;
  /** All steps are over. */
  end(): void;
}

/** Shows nothing. */
export const silent: Progress = { step() {}, bytes() {}, end() {} };
