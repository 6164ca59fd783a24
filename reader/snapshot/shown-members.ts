import { BINARY_COLLATION, type Column } from "../binlog-format/column.ts";

/**
 * Whether `column.members`, as information_schema shows them, are those of the table. It shows `?`
 * for each character beyond U+FFFF, and bytes that are not text in hexadecimal.
 */
export function areMembersShown({ members, collation }: Column): boolean {
  const doubtful = collation === BINARY_COLLATION ? /^(?:[\da-f]{2})+$/i : /\?/;
  return !members.some((member) => doubtful.test(member));
}
