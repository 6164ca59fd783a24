import type { FilteredNames } from "../../config/filtered-names.ts";

/**
 * The maximum total length of the table patterns that only earlier configurations had, bytes; the
 * same for column patterns. The oldest are forgotten first.
 */
const MOST_FORMER = 8000;

/**
 * The patterns of the configured filters, and of those that earlier configurations had: a filter
 * that was removed may be configured again, and then applies to what was renamed meanwhile. Returns
 * null when there are none.
 */
export function knownFilters(
  configured: FilteredNames | null,
  saved: FilteredNames | undefined,
): FilteredNames | null {
  if (configured === null && saved === undefined) return null;
  return {
    tables: withFormer(configured?.tables ?? [], saved?.tables ?? []),
    columns: withFormer(configured?.columns ?? [], saved?.columns ?? []),
  };
}

function withFormer(configured: readonly string[], saved: readonly string[]): readonly string[] {
  const known = new Set(configured);
  let length = 0;
  for (const pattern of saved) {
    if (known.has(pattern)) continue;
    length += Buffer.byteLength(pattern);
    if (length > MOST_FORMER) break;
    known.add(pattern);
  }
  return [...known];
}
