import type { FrameChange } from "../../../wire/frame.ts";
import { jsonMembers } from "../../../functions/filters/json-members.ts";

/** Columns that a subscriber does not see as they are. */
export interface HiddenColumns {
  readonly leftOut: readonly string[];
  readonly masked: readonly string[];
}

export const NOTHING_HIDDEN: HiddenColumns = { leftOut: [], masked: [] };

/** Compares a change's row images with those that a subscriber gets. */
export function hiddenColumns(change: FrameChange, filtered: FrameChange): HiddenColumns {
  const isWhole = change.before === filtered.before && change.after === filtered.after;
  // Also a statement, which is no row, and is delivered as it was written.
  if (isWhole) return NOTHING_HIDDEN;
  const leftOut = new Set<string>();
  const masked = new Set<string>();
  for (const image of ["before", "after"] as const) {
    // An image that the filter leaves out whole is part of what the change arrives as.
    if (filtered[image] === "") continue;
    const given = new Map(membersOf(filtered[image]).map(({ name, value }) => [name, value]));
    for (const { name, value } of membersOf(change[image])) {
      if (!given.has(name)) leftOut.add(name);
      else if (given.get(name) !== value) masked.add(name);
    }
  }
  return { leftOut: [...leftOut].sort(), masked: [...masked].sort() };
}

function membersOf(text: string): readonly { readonly name: string; readonly value: string }[] {
  return text === "" ? [] : jsonMembers(text);
}
