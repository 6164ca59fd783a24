import type { TypedChange } from "../../../functions/formats/typed-change.ts";
import { change } from "../client/messages.ts";

/** A change for the converters of functions/formats; what is left out has a sensible value. */
export function typedChange(
  columns: Readonly<Record<string, string>>,
  fields: Parameters<typeof change>[1],
  more: Partial<Omit<TypedChange, "change" | "columns">> = {},
): TypedChange {
  return {
    change: change(4, fields),
    source: "shop",
    environment: "staging",
    columns: Object.entries(columns).map(([name, type]) => ({ name, type, nullable: true })),
    key: ["id"],
    transaction: { n: 0, last: true },
    ...more,
  };
}
