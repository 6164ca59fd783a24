import { Lexer } from "./lexer.ts";
import type { Dialect } from "./query-event.ts";

/** A table as a statement names it. `database` is null for the session's default database. */
export interface TableName {
  readonly database: string | null;
  readonly table: string;
}

/** Reads a statement once, from beginning to end. */
export class StatementCursor {
  readonly #lexer: Lexer;

  constructor(text: Buffer, dialect: Dialect) {
    this.#lexer = new Lexer(text, dialect);
  }

  get atEnd(): boolean {
    return this.#lexer.kind === "end";
  }

  /** Whether an unquoted word comes next: a keyword or a name. */
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

  /** Skips one of these keywords if it comes next; returns whether it did. */
  takes(...keywords: readonly string[]): boolean {
    const found = this.isAt(...keywords);
    if (found) this.skip();
    return found;
  }

  /** Skips all of these keywords that come next. */
  takesAll(...keywords: readonly string[]): void {
    while (this.takes(...keywords));
  }

  takesSign(sign: string): boolean {
    const found = this.isAtSign(sign);
    if (found) this.skip();
    return found;
  }

  /** Skips one token. */
  skip(): void {
    this.#lexer.next();
  }

  /** Skips the parenthesis that begins here, with its content. */
  skipParentheses(): void {
    let depth = 0;
    do {
      if (this.isAtSign("(")) depth++;
      else if (this.isAtSign(")")) depth--;
      this.skip();
    } while (depth > 0 && !this.atEnd);
  }

  /**
   * The next word in capitals, for messages and for lists of keywords; null if no word comes next
   * or it is longer than any keyword.
   */
  keyword(): string | null {
    const { kind, start, end, bytes } = this.#lexer;
    if (kind !== "word" || end - start > LONGEST_KEYWORD) return null;
    return bytes.toString("latin1", start, end).toUpperCase();
  }

  /** Reads a name; null when none comes next. */
  name(): string | null {
    if (!this.isAtName) return null;
    const { name } = this.#lexer;
    this.skip();
    return name;
  }

  /** Reads `table`, `database.table` or `.table`; null when no name comes next. */
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
