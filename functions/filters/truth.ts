/**
 * What a condition says of a row: MySQL's three values (null: unknown), and `absent` where the row
 * image lacks a column on which the answer depends. A condition with `absent` columns may have an
 * answer: FALSE AND anything is FALSE.
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
