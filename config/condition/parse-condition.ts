import type { ColumnOperand, Comparison, Condition, Literal } from "./condition.ts";
import { ConditionError, tokensOf } from "./lexer.ts";
import { TokenCursor } from "./token-cursor.ts";

/** Limits that keep parsing cheap: a condition's length in characters, and its depth. */
const LONGEST_TEXT = 2000;
const DEEPEST = 50;

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  "=": "=",
  "<>": "<>",
  "!=": "<>",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
  "<=>": "<=>",
};

/** The operators after the two sides of a comparison have been exchanged. */
const TURNED: Readonly<Record<Comparison, Comparison>> = {
  "=": "=",
  "<>": "<>",
  "<=>": "<=>",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

const KEYWORDS = new Set(
  "AND OR NOT XOR IN LIKE IS NULL TRUE FALSE BETWEEN ESCAPE REGEXP RLIKE DIV MOD BINARY COLLATE CASE SELECT EXISTS INTERVAL".split(
    " ",
  ),
);

/**
 * Parses a condition, in MySQL's grammar and with its precedence: OR, AND, NOT, then comparisons of
 * a column with literals. Throws ConditionError, which names the place of the fault.
 */
export function parseCondition(text: string): Condition {
  if (text.length > LONGEST_TEXT) {
    throw new ConditionError(LONGEST_TEXT, `a condition has at most ${LONGEST_TEXT} characters`);
  }
  return new Parser(text).whole();
}

class Parser {
  readonly #cursor: TokenCursor;
  #depth = 0;

  constructor(text: string) {
    this.#cursor = new TokenCursor(tokensOf(text));
  }

  whole(): Condition {
    const condition = this.#or();
    if (this.#cursor.token.kind !== "end") throw this.#cursor.unexpected("AND, OR or the end");
    return condition;
  }

  #or(): Condition {
    let left = this.#and();
    while (this.#cursor.takeWord("OR")) left = { kind: "or", left, right: this.#and() };
    return left;
  }

  #and(): Condition {
    let left = this.#not();
    while (this.#cursor.takeWord("AND")) left = { kind: "and", left, right: this.#not() };
    return left;
  }

  #not(): Condition {
    if (++this.#depth > DEEPEST) {
      throw new ConditionError(
        this.#cursor.token.at,
        `a condition has at most ${DEEPEST} levels of NOT and parentheses`,
      );
    }
    const condition: Condition = this.#cursor.takeWord("NOT")
      ? { kind: "not", operand: this.#not() }
      : this.#predicate();
    this.#depth--;
    return condition;
  }

  #predicate(): Condition {
    if (this.#cursor.takeSign("(")) {
      const inner = this.#or();
      this.#cursor.expectSign(")");
      return inner;
    }
    const literal = this.#literal();
    if (literal !== null) {
      const operator = this.#comparison();
      const column = this.#column();
      this.#refuseNull(operator, literal);
      return { kind: "compare", column, operator: TURNED[operator], value: literal };
    }
    return this.#about(this.#column());
  }

  #about(column: ColumnOperand): Condition {
    if (this.#cursor.takeWord("IS")) {
      const negated = this.#cursor.takeWord("NOT");
      if (!this.#cursor.takeWord("NULL")) throw this.#cursor.unexpected("NULL");
      return { kind: "is-null", column, negated };
    }
    const negated = this.#cursor.takeWord("NOT");
    if (this.#cursor.takeWord("IN")) return { kind: "in", column, values: this.#list(), negated };
    if (this.#cursor.takeWord("BETWEEN")) {
      const low = this.#bound();
      if (!this.#cursor.takeWord("AND")) throw this.#cursor.unexpected("AND");
      return { kind: "between", column, low, high: this.#bound(), negated };
    }
    if (this.#cursor.takeWord("LIKE")) return this.#like(column, negated);
    if (negated) throw this.#cursor.unexpected("IN, BETWEEN or LIKE");
    const operator = this.#comparison();
    const value = this.#expectLiteral();
    this.#refuseNull(operator, value);
    return { kind: "compare", column, operator, value };
  }

  #like(column: ColumnOperand, negated: boolean): Condition {
    const pattern = this.#expectText("a pattern in single quotes");
    let escape = "\\";
    if (this.#cursor.takeWord("ESCAPE")) {
      const { at } = this.#cursor.token;
      escape = this.#expectText("one character in single quotes");
      if (Array.from(escape).length > 1) throw new ConditionError(at, "ESCAPE takes one character");
    }
    return { kind: "like", column, pattern, escape, negated };
  }

  #list(): Literal[] {
    this.#cursor.expectSign("(");
    const values = [this.#expectLiteral()];
    while (this.#cursor.takeSign(",")) values.push(this.#expectLiteral());
    this.#cursor.expectSign(")");
    return values;
  }

  #comparison(): Comparison {
    const { kind, value } = this.#cursor.token;
    const operator = kind === "sign" ? COMPARISONS[value] : undefined;
    if (operator === undefined) {
      throw this.#cursor.unexpected(
        "a comparison (=, <>, <, <=, >, >=, <=>), IN, BETWEEN, LIKE or IS",
      );
    }
    this.#cursor.advance();
    return operator;
  }

  #column(): ColumnOperand {
    const { kind, value } = this.#cursor.token;
    const { following } = this.#cursor;
    const name = value.toUpperCase();
    if (kind === "word" && following.value === "(" && following.kind === "sign") {
      if (name !== "LOWER" && name !== "UPPER") {
        throw new ConditionError(
          this.#cursor.token.at,
          `a condition may call LOWER and UPPER, not ${value}`,
        );
      }
      this.#cursor.advance(2);
      const column = this.#columnName();
      this.#cursor.expectSign(")");
      return { name: column, letters: name === "LOWER" ? "lower" : "upper" };
    }
    return { name: this.#columnName(), letters: "as-they-are" };
  }

  #columnName(): string {
    const { kind, value } = this.#cursor.token;
    const isName = kind === "column" || (kind === "word" && !KEYWORDS.has(value.toUpperCase()));
    if (!isName) throw this.#cursor.unexpected("a column");
    this.#cursor.advance();
    return value;
  }

  /** Takes a literal; null when the next token is not one. */
  #literal(): Literal | null {
    const { kind, value } = this.#cursor.token;
    if (kind === "text") return this.#taken({ kind: "text", text: value });
    if (kind === "bytes") return this.#taken({ kind: "bytes", hex: value });
    if (kind === "number") return this.#taken({ kind: "number", digits: plainDigits(value) });
    if (kind === "sign" && (value === "-" || value === "+")) {
      this.#cursor.advance();
      if (this.#cursor.token.kind !== "number") throw this.#cursor.unexpected("a number");
      const digits = (value === "-" ? "-" : "") + plainDigits(this.#cursor.token.value);
      return this.#taken({ kind: "number", digits });
    }
    if (kind !== "word") return null;
    switch (value.toUpperCase()) {
      case "NULL":
        return this.#taken({ kind: "null" });
      case "TRUE":
        return this.#taken({ kind: "number", digits: "1" });
      case "FALSE":
        return this.#taken({ kind: "number", digits: "0" });
      default:
        return null;
    }
  }

  #taken(literal: Literal): Literal {
    this.#cursor.advance();
    return literal;
  }

  #expectLiteral(): Literal {
    const literal = this.#literal();
    if (literal === null)
      throw this.#cursor.unexpected("a number, a string in single quotes or NULL");
    return literal;
  }

  #expectText(what: string): string {
    const { kind, value } = this.#cursor.token;
    if (kind !== "text") throw this.#cursor.unexpected(what);
    this.#cursor.advance();
    return value;
  }

  #bound(): Literal {
    const literal = this.#expectLiteral();
    // The result of BETWEEN with NULL depends on the column's type in MySQL.
    if (literal.kind === "null") throw this.#cursor.misused("BETWEEN does not take NULL");
    return literal;
  }

  /** MySQL accepts a comparison with NULL, but it is never true, so it must be a mistake. */
  #refuseNull(operator: Comparison, literal: Literal): void {
    if (literal.kind !== "null" || operator === "<=>") return;
    throw this.#cursor.misused("a comparison with NULL is never true; write IS NULL");
  }
}

/** Completes `.5` to `0.5` and `5.` to `5`. */
function plainDigits(text: string): string {
  const [whole = "", fraction = ""] = text.split(".");
  return `${whole === "" ? "0" : whole}${fraction === "" ? "" : `.${fraction}`}`;
}
