import type { WhereCrossing } from "../../config/filters.ts";
import type { FrameChange } from "../../wire/frame.ts";
import { jsonMembers } from "./json-members.ts";
import { columnKey, type RowCondition, type RowImage } from "./row-condition.ts";
import type { Truth } from "./truth.ts";

/**
 * Applies a condition to a change. Returns the change for the subscriber; null when it gets none;
 * "undecided" when the row images lack a column that the result depends on.
 *
 * An update after which the row newly meets the condition becomes an insert. An update after which
 * it no longer meets the condition becomes a delete. With the crossing "update", both stay updates.
 * They keep the id and the position of the update.
 */
export function filterRow<Change extends FrameChange>(
  change: Change,
  condition: RowCondition,
  crossing: WhereCrossing,
): Change | null | "undecided" {
  switch (change.op) {
    case "t":
    case "ddl":
    case "snapshot":
      return change;
    case "c":
    case "r":
      return decided(condition(imageOf(change.after)), change);
    case "d":
      return decided(condition(imageOf(change.before)), change);
    case "u": {
      const before = imageOf(change.before);
      // Columns that are missing from the after image were not changed by the update.
      const after = new Map([...before, ...imageOf(change.after)]);
      return filterUpdate(change, condition(before), condition(after), crossing);
    }
    default:
      return change.op satisfies never;
  }
}

function filterUpdate<Change extends FrameChange>(
  change: Change,
  before: Truth,
  after: Truth,
  crossing: WhereCrossing,
): Change | null | "undecided" {
  if (crossing === "update" && (before === true || after === true)) return change;
  if (before === "absent" || after === "absent") return "undecided";
  if (before === true && after === true) return change;
  if (after === true) return { ...change, op: "c", oldKey: "", before: "" };
  if (before !== true) return null;
  return { ...change, op: "d", key: change.oldKey || change.key, oldKey: "", after: "" };
}

function decided<Change>(truth: Truth, change: Change): Change | null | "undecided" {
  return truth === "absent" ? "undecided" : truth === true ? change : null;
}

function imageOf(text: string): RowImage {
  if (text === "") return new Map();
  return new Map(jsonMembers(text).map(({ name, value }) => [columnKey(name), value]));
}
