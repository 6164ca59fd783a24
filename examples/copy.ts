// In an application: from "@binlog-router/client".
import type { Change } from "../client/index.ts";

type Row = Record<string, unknown>;

/**
 * Keeps a copy of a table that has a primary key. A snapshot delivers the existing rows; the
 * changes keep the copy up to date.
 *
 * await subscribe("search", copyTo(copy, "shop.orders"));
 */
export function copyTo(copy: Map<string, Row>, table: string): (change: Change) => void {
  return ({ table: changed, op, key, before, after }) => {
    if (changed !== table) return;
    const nameOf = (row: Row) => Object.keys(key ?? {}).map((column) => String(row[column]));
    if (op === "t") copy.clear();
    if (before !== null) copy.delete(nameOf(before).join("\0"));
    if (after !== null) copy.set(nameOf(after).join("\0"), after);
  };
}
