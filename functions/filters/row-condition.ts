import type {
  ColumnOperand,
  Comparison,
  Condition,
  Literal,
} from "../../config/condition/condition.ts";
import { compareValues, type RowValue, rowValue } from "./compare-values.ts";
import { inCase } from "./letter-case.ts";
import { likeMatcher } from "./like.ts";
import { and, not, or, type Truth } from "./truth.ts";

/** The values of a row image as JSON texts, by `columnKey`. */
export type RowImage = ReadonlyMap<string, string>;

/** Decides whether a row meets a condition. */
export type RowCondition = (row: RowImage) => Truth;

/**
 * The key of a column in a `RowImage`: its name in lower case, because MySQL ignores the case of
 * column names.
 */
export function columnKey(name: string): string {
  return name.toLowerCase();
}

export function rowCondition(condition: Condition): RowCondition {
  switch (condition.kind) {
    case "and":
    case "or": {
      const [left, right] = [rowCondition(condition.left), rowCondition(condition.right)];
      const join = condition.kind === "and" ? and : or;
      return (row) => join(left(row), right(row));
    }
    case "not": {
      const operand = rowCondition(condition.operand);
      return (row) => not(operand(row));
    }
    case "compare": {
      const { operator, value } = condition;
      return ofColumn(condition.column, (given) => compare(given, operator, value));
    }
    case "in": {
      const { values, negated } = condition;
      return ofColumn(condition.column, (given) =>
        negate(values.map((value) => compare(given, "=", value)).reduce(or, false), negated),
      );
    }
    case "between": {
      const { low, high, negated } = condition;
      return ofColumn(condition.column, (given) =>
        negate(and(compare(given, ">=", low), compare(given, "<=", high)), negated),
      );
    }
    case "like": {
      const { pattern, escape, negated } = condition;
      const matches = likeMatcher(pattern, escape);
      return ofColumn(condition.column, (given) => {
        if (given.kind === "null") return null;
        return negate(matches(given.kind === "text" ? given.text : given.digits), negated);
      });
    }
    case "is-null": {
      const { negated } = condition;
      return ofColumn(condition.column, (given) => (given.kind === "null") !== negated);
    }
    default:
      return condition satisfies never;
  }
}

function ofColumn(column: ColumnOperand, decide: (value: RowValue) => Truth): RowCondition {
  const key = columnKey(column.name);
  return (row) => {
    const json = row.get(key);
    return json === undefined ? "absent" : decide(withLetters(rowValue(json), column.letters));
  };
}

function withLetters(value: RowValue, letters: ColumnOperand["letters"]): RowValue {
  if (value.kind !== "text" || letters === "as-they-are") return value;
  return { kind: "text", text: inCase(value.text, letters) };
}

function compare(value: RowValue, operator: Comparison, literal: Literal): Truth {
  if (operator === "<=>" && (value.kind === "null" || literal.kind === "null")) {
    return value.kind === literal.kind;
  }
  const order = compareValues(value, literal);
  if (order === null) return null;
  switch (operator) {
    case "=":
    case "<=>":
      return order === 0;
    case "<>":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    default:
      return operator satisfies never;
  }
}

function negate(truth: Truth, negated: boolean): Truth {
  return negated ? not(truth) : truth;
}
