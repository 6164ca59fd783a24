import type { FrameChange, TableShape } from "../../wire/frame.ts";
import type { TreatmentOf } from "./column-rules.ts";
import { jsonMembers, jsonObject } from "./json-members.ts";
import type { MaskValue } from "./masks.ts";

/**
 * Leaves out and masks columns in the rows and keys of a change. The JSON text of other values is
 * unchanged.
 */
export function filterColumns<Change extends FrameChange>(
  change: Change,
  treatmentOf: TreatmentOf,
  maskValue: MaskValue,
): Change {
  const keyNames = new Set(
    [change.key, change.oldKey].filter((text) => text !== "").flatMap(namesOf),
  );
  const rewrite = (text: string): string => {
    if (text === "") return "";
    const members = jsonMembers(text).flatMap(({ name, value }) => {
      const treatment = treatmentOf(name, keyNames.has(name));
      if (treatment === "leave-out") return [];
      return [{ name, value: treatment === "keep" ? value : maskValue(treatment, value) }];
    });
    return jsonObject(members);
  };
  return {
    ...change,
    key: rewrite(change.key),
    oldKey: rewrite(change.oldKey),
    before: rewrite(change.before),
    after: rewrite(change.after),
  };
}

function namesOf(text: string): string[] {
  return jsonMembers(text).map(({ name }) => name);
}

/** A hash has 64 characters. */
const MASKED_TYPE = "varchar(64)";

/** The remaining columns of a table, with the types of masked values. */
export function filterShape({ columns, key }: TableShape, treatmentOf: TreatmentOf): TableShape {
  return {
    columns: columns.flatMap(([name, type, nullable]) => {
      const treatment = treatmentOf(name, key.includes(name));
      if (treatment === "leave-out") return [];
      if (treatment === "keep") return [[name, type, nullable] as const];
      return [[name, MASKED_TYPE, nullable || treatment === "null"] as const];
    }),
    key,
  };
}
