import { Lexer } from "./lexer.ts";
import type { Dialect } from "./query-event.ts";

/** A table as a statement names it; null: of the session's default database. */
export interface TableName {
  readonly database: string | null;
  readonly table: string;
}

/** A statement that is read from its beginning to its end, once. */
export class StatementCursor {
  readonly #lexer: Lexer;

  constructor(text: Buffer, dialect: Dialect) {
    this.#lexer = new Lexer(text, dialect);
  }

  get atEnd(): boolean {
    return this.#lexer.kind === "end";
  }

  /** Whether a bare word comes next: a keyword, or a name without quotes. */
  get isAtWord(): boolean {
    return this.#lexer.kind === "word";
  }

  get isAtName(): boolean {
    return this.#lexer.kind === "word" || this.#lexer.kind === "name";
  }

  /** Whether one of these keywords comes next. */
  isAt(...keywords: readonly string[]): boolean {
    return keywords.some((keyword) => this.#lexer.isWord(keyword));
  }

  isAtSign(sign: string): boolean {
    return this.#lexer.isSign(sign);
  }

  /** Passes over one of these keywords if it comes next. */
  takes(...keywords: readonly string[]): boolean {
    const found = this.isAt(...keywords);
    if (found) this.skip();
    return found;
  }

  /** Passes over as many of these keywords as come next. */
  takesAll(...keywords: readonly string[]): void {
    while (this.takes(...keywords));
  }

  takesSign(sign: string): boolean {
    const found = this.isAtSign(sign);
    if (found) this.skip();
    return found;
  }

  /** Passes over one piece. */
  skip(): void {
    this.#lexer.next();
  }

  /** Passes over what is in the parentheses that begin here, and over them. */
  skipParentheses(): void {
    let depth = 0;
    do {
      if (this.isAtSign("(")) depth++;
      else if (this.isAtSign(")")) depth--;
      this.skip();
    } while (depth > 0 && !this.atEnd);
  }

  /**
   * The word that comes next, in capitals; for messages and for lists of keywords. Null at anything
   * else, or at a long one.
   */
  keyword(): string | null {
    const { kind, start, end, bytes } = this.#lexer;
    if (kind !== "word" || end - start > LONGEST_KEYWORD) return null;
    return bytes.toString("latin1", start, end).toUpperCase();
  }

  /** Passes over a name; null when none comes next. */
  name(): string | null {
    if (!this.isAtName) return null;
    const { name } = this.#lexer;
    this.skip();
    return name;
  }

  /** Passes over `table`, `database.table` or `.table`; null when no name comes next. */
  tableName(): TableName | null {
    if (this.takesSign(".")) return this.#tableOf(null);
    const first = this.name();
    if (first === null) return null;
    return this.takesSign(".") ? this.#tableOf(first) : { database: null, table: first };
  }

  #tableOf(database: string | null): TableName | null {
    const table = this.name();
    return table === null ? null : { database, table };
  }
}

const LONGEST_KEYWORD = 64;
