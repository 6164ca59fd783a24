import { encodeChange, encodeFrame, type FrameHeader } from "../../wire/frame.ts";
import type { Author } from "../../wire/session.ts";
import type { PositionedChange } from "./read-frame.ts";

/** The author that the frame names for a change. */
export function authorIn(header: FrameHeader, change: PositionedChange): Author | undefined {
  const index = header.transactions[change.transaction]?.author ?? null;
  return index === null ? undefined : header.authors[index];
}

/**
 * Writes a frame with only these changes, and with only the transactions, tables and authors that
 * they need. Throws RangeError for an empty list.
 */
export function subFrame(header: FrameHeader, changes: readonly PositionedChange[]): string {
  return partOf(
    header,
    changes.map((change) => ({ change, author: authorIn(header, change) ?? null })),
  );
}

/** The same, with these authors of the changes. */
export function authoredSubFrame(
  header: FrameHeader,
  changes: readonly { readonly change: PositionedChange; readonly author: Author }[],
): string {
  return partOf(header, changes);
}

function partOf(
  header: FrameHeader,
  parts: readonly { readonly change: PositionedChange; readonly author: Author | null }[],
): string {
  const first = parts[0]?.change.position;
  const last = parts.at(-1)?.change.position;
  if (first === undefined || last === undefined)
    throw new RangeError("a frame needs at least one change");
  const transactions = new TransactionSelection(header.transactions);
  const tables = new Selection(header.tables);
  const lines = parts.map(({ change, author }) =>
    encodeChange({
      ...change,
      transaction: transactions.indexOf(change.transaction, author),
      table: tables.indexOf(change.table),
    }),
  );
  return encodeFrame(
    {
      frame: header.frame,
      source: header.source,
      lane: header.lane,
      first,
      last,
      previous: null,
      server: header.server,
      epoch: header.epoch,
      transactions: transactions.chosen,
      tables: tables.chosen,
      authors: transactions.authors,
      ...(header.life !== undefined && { life: header.life }),
      ...(header.lowerCaseNames && { lowerCaseNames: true }),
      ...(header.idsByChanges && { idsByChanges: true }),
      ...(header.messageBytes !== undefined && { messageBytes: header.messageBytes }),
    },
    lines.join("\n"),
  );
}

/** Selects items of a list and renumbers them in the order of their first use. */
class Selection<Item> {
  readonly #items: readonly Item[];
  readonly #indexes = new Map<number, number>();
  readonly chosen: Item[] = [];

  constructor(items: readonly Item[]) {
    this.#items = items;
  }

  indexOf(index: number): number {
    const known = this.#indexes.get(index);
    if (known !== undefined) return known;
    this.#indexes.set(index, this.chosen.length);
    return this.chosen.push(itemAt(this.#items, index)) - 1;
  }
}

/**
 * Selects and renumbers transactions. A transaction whose changes have several authors is listed
 * once for each author.
 */
class TransactionSelection {
  readonly #transactions: FrameHeader["transactions"];
  readonly #indexes = new Map<Author | null, Map<number, number>>();
  readonly chosen: FrameHeader["transactions"][number][] = [];
  readonly authors: Author[] = [];

  constructor(transactions: FrameHeader["transactions"]) {
    this.#transactions = transactions;
  }

  indexOf(index: number, author: Author | null): number {
    const known = this.#indexes.get(author);
    const place = known?.get(index);
    if (place !== undefined) return place;
    if (known === undefined) {
      this.#indexes.set(author, new Map([[index, this.chosen.length]]));
      if (author !== null) this.authors.push(author);
    } else known.set(index, this.chosen.length);
    const transaction = itemAt(this.#transactions, index);
    const number = author === null ? null : this.authors.indexOf(author);
    return this.chosen.push({ ...transaction, author: number }) - 1;
  }
}

function itemAt<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`the list has no item ${index}`);
  return item;
}
