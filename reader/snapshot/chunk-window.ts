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
 * The changes of a table from before its rows are read until the last of them are handed over. The
 * last change of each key decides the row at that place, whether or not the selected rows already
 * show it.
 */
export class ChunkWindow {
  /** Why the selected rows cannot be used; null when they can. */
  #spoiled: "definition" | "too much" | null = null;
  #bytes = 0;
  readonly #touches = new Map<string, Touch>();
  readonly #asksAgain: boolean;
  readonly #wanted: Set<string> | null;
  /** The keys of the chunk's rows that were handed over. */
  readonly #handed: Set<string>;
  /** The keys of rows that were left out, and the new keys of those among them that moved. */
  readonly #again = new Set<string>();
  /** The keys in `#wanted` and `#again` that a changed key has added. */
  readonly #moved: Set<string>;

  /**
   * `asksAgain`: changed rows are read again instead of taken from their changes, because a `where`
   * selects rows. `former`: the window whose rows that were left out are read; null for a range.
   */
  constructor(asksAgain: boolean, former: ChunkWindow | null) {
    this.#asksAgain = asksAgain;
    this.#wanted = former === null ? null : new Set(former.#again);
    this.#handed = former === null ? new Set() : former.#handed;
    this.#moved = new Set(former === null ? [] : former.#moved);
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

  /** The keys of rows that were left out and must be read again. */
  get again(): ReadonlySet<string> {
    return this.#again;
  }

  /**
   * Called between two transactions, before rows are read again: that read shows all changes so
   * far. Keys that were changed stay followed.
   */
  restart(): void {
    this.#touches.clear();
    this.#bytes = 0;
  }

  /** Leaves out rows that were to be read again, but were not. */
  leaveOut(keys: Iterable<string>): void {
    for (const key of keys) this.#again.add(key);
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
        this.#follow(oldKey, key);
      }
      const isKnown = texts.isWhole && !this.#asksAgain;
      this.#touch(key, isKnown ? { kind: "row", texts: rowOf(texts) } : UNSURE);
    }
  }

  /**
   * The keys of which must be found out whether they lie in the range, before these selected rows
   * are handed over. For a range: with its last rows, the keys of rows that exist now and were not
   * selected. For rows that are read again: their new keys.
   */
  questions(rows: ReadonlyMap<string, unknown>, isLast: boolean): string[] {
    if (this.#wanted !== null) return [...this.#moved];
    if (!isLast) return [];
    return Array.from(this.#touches)
      .filter(([key, { kind }]) => kind !== "gone" && !rows.has(key) && !this.#handed.has(key))
      .map(([key]) => key);
  }

  /**
   * Applies the changes to selected rows, which are handed over then. With the last of them, adds
   * the rows that were not selected.
   *
   * @param isInRange whether a key of `questions` lies in the range
   */
  apply(rows: RowsByKey, isLast: boolean, isInRange: (key: string) => boolean): void {
    for (const [key, touch] of this.#touches) {
      const isMine = rows.has(key) || (isLast && this.#isMissing(key, isInRange));
      if (!isMine) continue;
      if (touch.kind === "row") rows.set(key, touch.texts);
      else rows.delete(key);
      if (touch.kind === "unsure") this.#again.add(key);
    }
    if (this.#wanted !== null) {
      // A row that has left the range does not belong to this chunk any more.
      for (const key of this.#moved) {
        if (isInRange(key)) continue;
        rows.delete(key);
        this.#again.delete(key);
      }
    }
    for (const key of rows.keys()) {
      this.#handed.add(key);
      this.#again.delete(key);
    }
  }

  /**
   * Whether a row must be added to the last rows that were selected. One that was handed over is
   * not: otherwise a row that changes all the time would be read again all the time.
   */
  #isMissing(key: string, isInRange: (key: string) => boolean): boolean {
    if (this.#handed.has(key)) return false;
    return this.#wanted === null ? isInRange(key) : this.#wanted.has(key);
  }

  /** Follows a row that is to be read again to its new key. */
  #follow(oldKey: string, key: string): void {
    const list = [this.#wanted, this.#again].filter((keys) => keys?.has(oldKey) === true);
    for (const keys of list) keys?.add(key);
    if (list.length > 0) this.#moved.add(key);
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
