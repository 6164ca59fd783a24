import type { Clock } from "./clock.ts";

/** A callback at a time that can be changed. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #pending: { readonly atMs: number; readonly cancel: () => void } | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Replaces the alarm's time; undefined: never. */
  set(atMs: number | undefined): void {
    if (atMs === this.#pending?.atMs) return;
    this.clear();
    if (atMs === undefined) return;
    const cancel = this.#clock.at(atMs, () => {
      this.#pending = undefined;
      this.#ring();
    });
    this.#pending = { atMs, cancel };
  }

  clear(): void {
    this.#pending?.cancel();
    this.#pending = undefined;
  }
}
