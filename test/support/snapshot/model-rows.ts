import type { KeyRange } from "../../../reader/snapshot/table-key.ts";

/** A change of a row in the model. */
export interface Write {
  readonly op: "c" | "u" | "d";
  readonly key: number;
  readonly oldKey: number | null;
  readonly value: string | null;
  readonly isWhole: boolean;
}

/** The key and the row in the stream's notation. */
export const keyText = (key: number): string => JSON.stringify({ k: key });
export const numberOf = (text: string): number => (JSON.parse(text) as { k: number }).k;
export const isIn = ({ lower, upper }: KeyRange, key: number): boolean =>
  (lower === null || key > Number(lower[0])) && (upper === null || key <= Number(upper[0]));
export const rowText = (key: number, value: string): string => JSON.stringify({ k: key, v: value });

/** Applies a change to the rows of a table, by key. */
export function apply(table: Map<number, string>, { op, key, oldKey, value }: Write): void {
  if (oldKey !== null) table.delete(oldKey);
  if (op === "d") table.delete(key);
  else table.set(key, value ?? "");
}
