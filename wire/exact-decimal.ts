/**
 * A decimal number with more digits than a JavaScript number keeps; JSON columns contain such
 * numbers. Arithmetic and comparison use the nearest JavaScript number (`valueOf`); as text it has
 * every digit.
 */
export class ExactDecimal {
  /** As JSON writes it: `12345678901234567890.12`. */
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }

  toString(): string {
    return this.digits;
  }

  toJSON(): string {
    return this.digits;
  }

  valueOf(): number {
    return Number(this.digits);
  }
}

/** Whether a JavaScript number keeps the value of this JSON number. */
export function isKeptByNumber(literal: string): boolean {
  return normalForm(literal) === normalForm(String(Number(literal)));
}

/**
 * Significant digits and the power of ten of the last one: equal decimal numbers have equal texts.
 */
function normalForm(literal: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${sign}${significant}e${power}`;
}
