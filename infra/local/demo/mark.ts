/**
 * What the demonstration's rows say about themselves, so that whoever receives a change can tell
 * whose it is: the columns `written_by` (the environment) and `change_no` (a number that the
 * environment gives to one change only).
 */
export interface Mark {
  readonly writtenBy: string;
  readonly op: "c" | "u" | "d";
  readonly table: string;
  readonly row: number;
  /**
   * The number of this change; of a deletion, the number of the change that it follows on its row.
   */
  readonly number: number;
}

/**
 * The mark of a delivered change; undefined when it is not a change of the demonstration's rows.
 */
export function markOf(change: {
  readonly op: string;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
  readonly source: { readonly table: string };
}): Mark | undefined {
  const { op } = change;
  if (op !== "c" && op !== "u" && op !== "d") return undefined;
  const image = op === "d" ? change.before : change.after;
  const writtenBy = image?.["written_by"];
  const row = Number(image?.["id"]);
  const number = Number(image?.["change_no"]);
  if (typeof writtenBy !== "string" || !Number.isSafeInteger(row + number)) return undefined;
  return { writtenBy, op, table: change.source.table, row, number };
}
