import type { DecodedChange } from "../support/binlog-changes.ts";
import { parseExactJson } from "../../wire/exact-json.ts";
import type { ShownRow } from "./mysqlbinlog-rows.ts";
import { isSameValue } from "./same-value.ts";

/** The result of comparing some binlog files. */
export interface Comparison {
  rows: number;
  values: number;
  /** The number of values whose types mysqlbinlog does not show. */
  notShown: number;
  readonly differences: string[];
}

const MOST_DIFFERENCES = 20;

/** Compares the decoder's rows, in order, with those that mysqlbinlog shows. */
export async function compareRows(
  changes: readonly DecodedChange[],
  shown: AsyncIterable<ShownRow>,
): Promise<Comparison> {
  const result: Comparison = { rows: 0, values: 0, notShown: 0, differences: [] };
  const differs = (text: string): void => {
    if (result.differences.length < MOST_DIFFERENCES) result.differences.push(text);
  };
  for await (const row of shown) {
    const change = changes[result.rows++];
    if (change === undefined) {
      differs(`row ${result.rows} of mysqlbinlog is not there`);
      continue;
    }
    const name = `${change.table.database}.${change.table.table}`;
    if (change.op !== row.op)
      differs(`row ${result.rows} of ${name} is ${change.op}, not ${row.op}`);
    compareImage(change, change.before, row.before, result, differs);
    compareImage(change, change.after, row.after, result, differs);
  }
  if (changes.length > result.rows) differs(`${changes.length - result.rows} rows too many`);
  return result;
}

function compareImage(
  { table }: DecodedChange,
  text: string,
  shown: ReadonlyMap<number, string>,
  result: Comparison,
  differs: (text: string) => void,
): void {
  const image = (text === "" ? {} : parseExactJson(text)) as Readonly<Record<string, unknown>>;
  const count = Object.keys(image).length;
  const name = `${table.database}.${table.table}`;
  if (count !== shown.size) differs(`${name} has ${count} columns, not ${shown.size}`);
  for (const [index, shownValue] of shown) {
    const column = table.columns[index];
    if (column === undefined || !Object.hasOwn(image, column.name)) {
      differs(`${name} lacks column ${index}`);
      continue;
    }
    result.values++;
    const same = isSameValue(column, image[column.name], shownValue);
    if (same === null) result.notShown++;
    if (same === false) {
      const value = JSON.stringify(image[column.name], (_, inner: unknown) =>
        typeof inner === "bigint" ? String(inner) : inner,
      );
      differs(
        `${name}.${column.name} (type ${column.type}): ${value?.slice(0, 200)} is shown as ${shownValue.slice(0, 200)}`,
      );
    }
  }
}
