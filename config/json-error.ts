/** A place in a text; line and column count from 1. */
export interface LineAndColumn {
  readonly line: number;
  readonly column: number;
}

const WHITE_SPACE = /[ \t\n\r]*/y;
const SCALAR =
  /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/uy;

/**
 * The place of the first character that makes a text invalid JSON; the text's end when it is
 * incomplete. Null for valid JSON.
 */
export function jsonErrorAt(text: string): LineAndColumn | null {
  const scanner = new JsonScanner(text);
  if (scanner.passesValue() && scanner.isAtEnd()) return null;
  const before = text.slice(0, scanner.at).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}

/** Skips JSON values. After a fault, `at` is its index. */
class JsonScanner {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  isAtEnd(): boolean {
    this.#pass(WHITE_SPACE);
    return this.at === this.#text.length;
  }

  passesValue(): boolean {
    this.#pass(WHITE_SPACE);
    if (this.#text[this.at] === "{") {
      return this.#passesList("}", () => {
        this.#pass(WHITE_SPACE);
        return (
          this.#text[this.at] === '"' &&
          this.#pass(SCALAR) &&
          this.#passesSign(":") &&
          this.passesValue()
        );
      });
    }
    if (this.#text[this.at] === "[") return this.#passesList("]", () => this.passesValue());
    return this.#pass(SCALAR);
  }

  /** Skips an object or array that opens at `at`. */
  #passesList(end: string, passesItem: () => boolean): boolean {
    this.at++;
    if (this.#passesSign(end)) return true;
    do {
      if (!passesItem()) return false;
    } while (this.#passesSign(","));
    return this.#passesSign(end);
  }

  #passesSign(sign: string): boolean {
    this.#pass(WHITE_SPACE);
    if (this.#text[this.at] !== sign) return false;
    this.at++;
    return true;
  }

  #pass(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.#text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }
}
