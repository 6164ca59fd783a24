/**
 * A condition on a row, as `where` of a subscriber says it: MySQL's grammar, of which
 * `parse-condition.ts` knows a part.
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
      /** The character before which `%` and `_` stand for themselves; "" for none. */
      readonly escape: string;
      readonly negated: boolean;
    }
  | { readonly kind: "is-null"; readonly column: ColumnOperand; readonly negated: boolean };

export type Comparison = "=" | "<>" | "<" | "<=" | ">" | ">=" | "<=>";

/** A column, perhaps inside of LOWER() or UPPER(). */
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
 * What a comparison looks at, with the column that it is about; for checks against a table's
 * definition.
 */
export interface ColumnUse {
  readonly column: ColumnOperand;
  readonly literals: readonly Literal[];
  readonly isLike: boolean;
}

/** Every place of a condition that names a column, in its order. */
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
