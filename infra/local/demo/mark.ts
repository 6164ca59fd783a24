/**
 * Identifies a change of the demonstration, from columns of the row: `written_by` (the environment)
 * and `change_no` (a number that the environment gives to one change only). From it a receiver can
 * tell which environment wrote the change.
 */
export interface Mark {
  readonly writtenBy: string;
  readonly op: "c" | "u" | "d";
  readonly table: string;
  readonly row: number;
  /** The change's number; for a deletion, the number of the row's previous change. */
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
