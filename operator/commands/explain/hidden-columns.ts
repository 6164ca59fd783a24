import type { FrameChange } from "../../../wire/frame.ts";
import { jsonMembers } from "../../../functions/filters/json-members.ts";

/** Columns that a subscriber does not receive, or receives masked. */
export interface HiddenColumns {
  readonly leftOut: readonly string[];
  readonly masked: readonly string[];
}

export const NOTHING_HIDDEN: HiddenColumns = { leftOut: [], masked: [] };

/** Finds the hidden columns by comparing a change's row images with the filtered ones. */
export function hiddenColumns(change: FrameChange, filtered: FrameChange): HiddenColumns {
  const isWhole = change.before === filtered.before && change.after === filtered.after;
  // This includes statements (DDL), which have no row images.
  if (isWhole) return NOTHING_HIDDEN;
  const leftOut = new Set<string>();
  const masked = new Set<string>();
  for (const image of ["before", "after"] as const) {
    // A filter that removes a whole image has changed the operation, which is reported elsewhere.
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
