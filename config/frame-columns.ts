import { hasColumns } from "./filters.ts";
import { FORMATS } from "../wire/formats/formats.ts";
import type { Routing } from "./routing.ts";

/**
 * Whether frames must contain their tables' columns. They must when a subscriber's format depends
 * on the columns' types, or when its filters hide columns, which must be found in each table.
 */
export function needsTableColumns({ subscribers }: Pick<Routing, "subscribers">): boolean {
  return Object.values(subscribers).some(
    (subscriber) => FORMATS[subscriber.format].needsColumns || hasColumns(subscriber),
  );
}
