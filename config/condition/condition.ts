/**
 * A condition on a row, from a subscriber's `where`. `parse-condition.ts` parses it from a subset
 * of MySQL's grammar.
 */
export type Condition =
  | { readonly kind: "and" | "or"; readonly left: Condition; readonly right: Condition }
  | { readonly kind: "not"; readonly operand: Condition }
  | {
      readonly kind: "compare";
      readonly column: ColumnOperand;
      readonly operator: Comparison;
      readonly value: Literal;
    }
  | {
      readonly kind: "in";
      readonly column: ColumnOperand;
      readonly values: readonly Literal[];
      readonly negated: boolean;
    }
  | {
      readonly kind: "between";
      readonly column: ColumnOperand;
      readonly low: Literal;
      readonly high: Literal;
      readonly negated: boolean;
    }
  | {
      readonly kind: "like";
      readonly column: ColumnOperand;
      readonly pattern: string;
      /** The escape character: after it, `%` and `_` stand for themselves. "": there is none. */
      readonly escape: string;
      readonly negated: boolean;
    }
  | { readonly kind: "is-null"; readonly column: ColumnOperand; readonly negated: boolean };

export type Comparison = "=" | "<>" | "<" | "<=" | ">" | ">=" | "<=>";

/** A column, optionally inside LOWER() or UPPER(). */
export interface ColumnOperand {
  readonly name: string;
  readonly letters: "as-they-are" | "lower" | "upper";
}

export type Literal =
  /** Digits with an optional sign and decimals. TRUE is 1, FALSE is 0. */
  | { readonly kind: "number"; readonly digits: string }
  | { readonly kind: "text"; readonly text: string }
  /** `x'41FF'`. */
  | { readonly kind: "bytes"; readonly hex: string }
  | { readonly kind: "null" };

/**
 * A column of a condition with the literals to which it is compared, for checks against a table's
 * definition.
 */
export interface ColumnUse {
  readonly column: ColumnOperand;
  readonly literals: readonly Literal[];
  readonly isLike: boolean;
}

/** The uses of columns in a condition, in its order. */
export function columnUses(condition: Condition): ColumnUse[] {
  switch (condition.kind) {
    case "and":
    case "or":
      return [...columnUses(condition.left), ...columnUses(condition.right)];
    case "not":
      return columnUses(condition.operand);
    case "compare":
      return [{ column: condition.column, literals: [condition.value], isLike: false }];
    case "in":
      return [{ column: condition.column, literals: condition.values, isLike: false }];
    case "between":
      return [
        { column: condition.column, literals: [condition.low, condition.high], isLike: false },
      ];
    case "like":
      return [{ column: condition.column, literals: [], isLike: true }];
    case "is-null":
      return [{ column: condition.column, literals: [], isLike: false }];
    default:
      return condition satisfies never;
  }
}
