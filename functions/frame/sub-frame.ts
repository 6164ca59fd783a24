import { encodeChange, encodeFrame, type FrameHeader } from "../../wire/frame.ts";
import type { PositionedChange } from "./read-frame.ts";

/** The text of a frame with only these changes, without their authors, and only the transactions and tables that they need. Throws RangeError without changes. */
export function subFrame(header: FrameHeader, changes: readonly PositionedChange[]): string {
  const first = changes[0]?.position;
  const last = changes.at(-1)?.position;
  if (first === undefined || last === undefined) throw new RangeError("a frame needs a change");
  const transactions = new Selection(header.transactions);
  const tables = new Selection(header.tables);
  const lines = changes.map((change) =>
    encodeChange({
      ...change,
      transaction: transactions.indexOf(change.transaction),
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
      transactions: transactions.chosen.map((transaction) => ({ ...transaction, author: null })),
      tables: tables.chosen,
      authors: [],
      ...(header.lowerCaseNames && { lowerCaseNames: true }),
    },
    lines.join("\n"),
  );
}

/** Items of a list, numbered anew in the order in which they are first asked for. */
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
    const item = this.#items[index];
    if (item === undefined) throw new RangeError(`no item ${index}`);
    this.#indexes.set(index, this.chosen.length);
    return this.chosen.push(item) - 1;
  }
}
