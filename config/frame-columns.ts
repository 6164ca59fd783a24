import { hasColumns } from "./filters.ts";
import { FORMATS } from "../wire/formats/formats.ts";
import type { Routing } from "./routing.ts";

/**
 * Whether frames must say the columns of their tables: a format writes values by their columns'
 * types, or a subscriber's filters hide columns, which are looked for in each table.
 */
export function needsTableColumns({ subscribers }: Pick<Routing, "subscribers">): boolean {
  return Object.values(subscribers).some(
    (subscriber) => FORMATS[subscriber.format].needsColumns || hasColumns(subscriber),
  );
}
