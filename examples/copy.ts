// In an application: from "@binlog-router/client".
import type { Change, HandlerContext } from "../client/index.ts";

type Row = Record<string, unknown>;

/**
 * Keeps a copy of a table that has a primary key, for a subscriber with `"groupBy": "table"`: with
 * `key`, a truncation is not in order with the rows. A snapshot delivers the existing rows; the
 * changes keep the copy up to date. After the primary key got other columns, begin with an empty
 * copy and another snapshot. Replays are left out: they bring earlier changes again, among
 * those that are written meanwhile, so that the copy would keep earlier rows.
 *
 * await subscribe("search", copyTo(copy, "shop.orders"));
 */
export function copyTo(
  copy: Map<string, Row>,
  table: string,
): (change: Change, context: Pick<HandlerContext, "replay">) => void {
  return ({ table: changed, op, key, before, after }, { replay }) => {
    if (changed !== table || replay !== undefined) return;
    const nameOf = (row: Row) => Object.keys(key ?? {}).map((column) => String(row[column]));
    if (op === "t") copy.clear();
    if (before !== null) copy.delete(nameOf(before).join("\0"));
    if (after !== null) copy.set(nameOf(after).join("\0"), after);
  };
}
