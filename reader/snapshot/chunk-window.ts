import { RowTexts } from "../binlog-format/rows/row-texts.ts";
import type { RowChange } from "../transactions/transaction.ts";

/** Rows by the texts of their keys. */
export type RowsByKey = Map<string, RowTexts>;

/**
 * The last change of a key in the stream. `gone`: the row does not exist. `unsure`: the row exists,
 * but must be read again.
 */
type Touch =
  | { readonly kind: "gone" }
  | { readonly kind: "row"; readonly texts: RowTexts }
  | { readonly kind: "unsure" };

const GONE: Touch = { kind: "gone" };
const UNSURE: Touch = { kind: "unsure" };

/** The limits of a window, so that a table with many changes does not fill the memory. */
const MOST_KEYS = 20_000;
const MOST_BYTES = 16 << 20;

/**
 * The changes of a table from before its rows are read until they are handed over. The last change
 * of each key decides the row at that place, whether or not the selected rows already show it.
 */
export class ChunkWindow {
  /** Why the selected rows cannot be used; null when they can. */
  #spoiled: "definition" | "too much" | null = null;
  #bytes = 0;
  readonly #touches = new Map<string, Touch>();
  readonly #asksAgain: boolean;
  readonly #wanted: Set<string> | null;

  /**
   * `asksAgain`: changed rows are read again instead of taken from their changes, because a `where`
   * selects rows. `wanted`: the keys that are read; null for a range.
   */
  constructor(asksAgain: boolean, wanted: ReadonlySet<string> | null) {
    this.#asksAgain = asksAgain;
    this.#wanted = wanted === null ? null : new Set(wanted);
  }

  get spoiled(): "definition" | "too much" | null {
    return this.#spoiled;
  }

  /**
   * The keys that are read, including the new keys of rows whose key was changed; null for a range.
   */
  get wanted(): ReadonlySet<string> | null {
    return this.#wanted;
  }

  /** Called with each change of the table, in the order of the stream. */
  change({ op, texts }: Pick<RowChange, "op" | "texts">): void {
    if (this.#spoiled !== null) return;
    if (op !== "c" && op !== "u" && op !== "d") {
      this.#spoil("definition");
      return;
    }
    const { key, oldKey } = texts;
    if (key === "") this.#spoil("definition");
    else if (op === "d") this.#touch(key, GONE);
    else {
      if (oldKey !== "") {
        this.#touch(oldKey, GONE);
        if (this.#wanted?.has(oldKey) === true) this.#wanted.add(key);
      }
      const isKnown = texts.isWhole && !this.#asksAgain;
      this.#touch(key, isKnown ? { kind: "row", texts: rowOf(texts) } : UNSURE);
    }
  }

  /**
   * The keys of rows that exist now and were not selected. It must be found out whether they lie in
   * the range.
   */
  newKeys(rows: ReadonlyMap<string, unknown>): string[] {
    if (this.#wanted !== null) return [];
    return Array.from(this.#touches)
      .filter(([key, { kind }]) => kind !== "gone" && !rows.has(key))
      .map(([key]) => key);
  }

  /**
   * Applies the changes to the selected rows. Returns the keys of rows that are left out because
   * they must be read again.
   *
   * @param isInRange whether a key of `newKeys` lies in the range
   */
  apply(rows: RowsByKey, isInRange: (key: string) => boolean): Set<string> {
    const again = new Set<string>();
    for (const [key, touch] of this.#touches) {
      const isMine = rows.has(key) || (this.#wanted?.has(key) ?? isInRange(key));
      if (!isMine) continue;
      if (touch.kind === "row") rows.set(key, touch.texts);
      else rows.delete(key);
      if (touch.kind === "unsure") again.add(key);
    }
    return again;
  }

  #touch(key: string, touch: Touch): void {
    const former = this.#touches.get(key);
    if (former === undefined) this.#bytes += 2 * key.length;
    else if (former.kind === "row") this.#bytes -= former.texts.length;
    if (touch.kind === "row") this.#bytes += touch.texts.length;
    this.#touches.set(key, touch);
    if (this.#touches.size > MOST_KEYS || this.#bytes > MOST_BYTES) this.#spoil("too much");
  }

  #spoil(why: "definition" | "too much"): void {
    this.#spoiled = why;
    this.#touches.clear();
  }
}

/** The row after a change, without the before image. */
function rowOf({ bytes, beforeEnd, afterEnd, keyEnd }: RowTexts): RowTexts {
  const kept = Buffer.from(bytes.subarray(beforeEnd, keyEnd));
  return new RowTexts(kept, 0, afterEnd - beforeEnd, keyEnd - beforeEnd, keyEnd - beforeEnd);
}
