import { ConditionError, type Token } from "./lexer.ts";

const NONE: Token = { kind: "end", value: "", source: "", at: 0 };

/** A cursor over the tokens of a condition. */
export class TokenCursor {
  readonly #tokens: readonly Token[];
  #next = 0;

  /** The last token must be an `end`. */
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get token(): Token {
    return this.#tokens[this.#next] ?? NONE;
  }

  get following(): Token {
    return this.#tokens[this.#next + 1] ?? NONE;
  }

  advance(tokens = 1): void {
    this.#next += tokens;
  }

  takeWord(word: string): boolean {
    const { kind, value } = this.token;
    const taken = kind === "word" && value.toUpperCase() === word;
    if (taken) this.advance();
    return taken;
  }

  takeSign(sign: string): boolean {
    const { kind, value } = this.token;
    const taken = kind === "sign" && value === sign;
    if (taken) this.advance();
    return taken;
  }

  /** Throws ConditionError. */
  expectSign(sign: string): void {
    if (!this.takeSign(sign)) throw this.unexpected(`"${sign}"`);
  }

  /** The error for an unexpected next token. */
  unexpected(wanted: string): ConditionError {
    const { kind, source, at } = this.token;
    const found = kind === "end" ? "but the condition ends" : `found ${source}`;
    return new ConditionError(at, `expected ${wanted}, ${found}`);
  }

  /** An error about the last token taken. */
  misused(what: string): ConditionError {
    return new ConditionError((this.#tokens[this.#next - 1] ?? NONE).at, what);
  }
}
