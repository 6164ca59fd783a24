/**
 * The result of a condition: MySQL's three values (null means unknown), or `absent` when the row
 * image lacks a column that the result depends on. A condition can have a result without such a
 * column: FALSE AND anything is FALSE.
 */
export type Truth = boolean | null | "absent";

export function and(left: Truth, right: Truth): Truth {
  if (left === false || right === false) return false;
  if (left === "absent" || right === "absent") return "absent";
  return left === null || right === null ? null : true;
}

export function or(left: Truth, right: Truth): Truth {
  if (left === true || right === true) return true;
  if (left === "absent" || right === "absent") return "absent";
  return left === null || right === null ? null : false;
}

export function not(truth: Truth): Truth {
  return typeof truth === "boolean" ? !truth : truth;
}
