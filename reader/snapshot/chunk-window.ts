import { RowTexts } from "../binlog-format/rows/row-texts.ts";
import type { RowChange } from "../transactions/transaction.ts";

/** Rows by the texts of their keys. */
export type RowsByKey = Map<string, RowTexts>;

/**
 * What the stream said last of a key. `unsure`: the row is there, and the change did not have all
 * of it.
 */
type Touch =
  | { readonly kind: "gone" }
  | { readonly kind: "row"; readonly texts: RowTexts }
  | { readonly kind: "unsure" };

const GONE: Touch = { kind: "gone" };
const UNSURE: Touch = { kind: "unsure" };

/** What a window remembers at most, so that a table that changes fast does not fill the memory. */
const MOST_KEYS = 20_000;
const MOST_BYTES = 16 << 20;

/**
 * The changes of a table from the place where its rows begin to be read up to the place where they
 * are handed over. The last one of each key tells what its row is there, whoever wrote it and
 * whether or not the rows that were read show it already.
 */
export class ChunkWindow {
  /** Why what was read is of no use; null: it is of use. */
  #spoiled: "definition" | "too much" | null = null;
  #bytes = 0;
  readonly #touches = new Map<string, Touch>();
  readonly #asksAgain: boolean;
  readonly #wanted: Set<string> | null;

  /**
   * `asksAgain`: a changed row is read again instead of taken from its change. `wanted`: the keys
   * that are read, where it is not a range of keys.
   */
  constructor(asksAgain: boolean, wanted: ReadonlySet<string> | null) {
    this.#asksAgain = asksAgain;
    this.#wanted = wanted === null ? null : new Set(wanted);
  }

  get spoiled(): "definition" | "too much" | null {
    return this.#spoiled;
  }

  /** The keys that are read; a row whose key was changed has its new key. Null for a range. */
  get wanted(): ReadonlySet<string> | null {
    return this.#wanted;
  }

  /** Takes a change of the table, in the order of the stream. */
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
   * The keys of rows that are there now and were not read: whether they lie in the range must be
   * found out.
   */
  newKeys(rows: ReadonlyMap<string, unknown>): string[] {
    if (this.#wanted !== null) return [];
    return Array.from(this.#touches)
      .filter(([key, { kind }]) => kind !== "gone" && !rows.has(key))
      .map(([key]) => key);
  }

  /**
   * Makes the rows that were read what they are now, and returns the keys of those that must be
   * read again, which are left out.
   *
   * @param isInRange of the keys of `newKeys`
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

/** The row behind a change, without what was before it. */
function rowOf({ bytes, beforeEnd, afterEnd, keyEnd }: RowTexts): RowTexts {
  const kept = Buffer.from(bytes.subarray(beforeEnd, keyEnd));
  return new RowTexts(kept, 0, afterEnd - beforeEnd, keyEnd - beforeEnd, keyEnd - beforeEnd);
}
