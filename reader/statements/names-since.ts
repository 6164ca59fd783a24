import { namesSince, type SavedNames } from "./saved-names.ts";

/** Computes `namesSince`, mostly with the same names as before. */
export class NamesSince {
  #latest: {
    readonly earlier: SavedNames | undefined;
    readonly now: SavedNames | undefined;
    readonly names: SavedNames | undefined;
  } | null = null;

  of(earlier: SavedNames | undefined, now: SavedNames | undefined): SavedNames | undefined {
    if (this.#latest === null || this.#latest.earlier !== earlier || this.#latest.now !== now)
      this.#latest = { earlier, now, names: namesSince(earlier, now) };
    return this.#latest.names;
  }
}
