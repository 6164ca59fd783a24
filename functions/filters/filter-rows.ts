import type { WhereCrossing } from "../../config/filters.ts";
import type { FrameChange } from "../../wire/frame.ts";
import { jsonMembers } from "./json-members.ts";
import { columnKey, type RowCondition, type RowImage } from "./row-condition.ts";
import type { Truth } from "./truth.ts";

/**
 * The change that a subscriber gets whose rows meet a condition; null: none. `undecided`: the row
 * images lack a column on which it depends.
 *
 * A row that an update brings to meet the condition is created, one that ceases to meet it is
 * deleted, unless `crossing` says that it stays an update. Both keep the id and the position of the
 * update.
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
      // What is absent after an update has not been changed by it.
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
