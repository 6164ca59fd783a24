export interface SilenceWatchOptions {
  /** How long a silence is. */
  readonly silenceMs: number;
  /** How many bytes have arrived. */
  readonly received: () => number;
  /** Whether this side does not read. */
  readonly isPaused: () => boolean;
  readonly onSilence: () => void;
}

/** How many checks in a row have to find a silence. */
const CHECKS = 10;
/**
 * So many bytes between two checks are part of a long packet. Fewer may be heartbeats, which a
 * packet with a damaged length takes up.
 */
const PART_BYTES = 1024;

/**
 * Notices that neither packets nor parts of a long one arrive. It counts checks, so that a time in
 * which this process did not run is no silence.
 */
export class SilenceWatch implements Disposable {
  readonly #checks: NodeJS.Timeout;
  #hears = true;
  /** How many bytes had arrived at the last check. */
  #received = 0;
  #silentChecks = 0;

  constructor({ silenceMs, received, isPaused, onSilence }: SilenceWatchOptions) {
    this.#checks = setInterval(() => {
      const before = this.#received;
      this.#received = received();
      const isSilent = !this.#hears && this.#received - before < PART_BYTES;
      this.#silentChecks = isSilent ? this.#silentChecks + 1 : 0;
      this.#hears = false;
      if (!isPaused() && this.#silentChecks >= CHECKS) onSilence();
    }, silenceMs / CHECKS);
  }

  /** A packet has arrived, or reading goes on after a pause. */
  hears(): void {
    this.#hears = true;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#checks);
  }
}
