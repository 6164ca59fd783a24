import type { SeededRandom } from "@binlog-router/local-aws/seeded-random";

/** The syntax that a session's SQL mode selects. */
export interface Style {
  readonly ansiQuotes: boolean;
  readonly backslashEscapes: boolean;
}

/** The style of a SQL mode. */
export function styleOf(sqlMode: string): Style {
  return {
    ansiQuotes: sqlMode.includes("ANSI_QUOTES"),
    backslashEscapes: !sqlMode.includes("NO_BACKSLASH_ESCAPES"),
  };
}

const TEXTS = [
  "x",
  "it's",
  'say "x"',
  "\\",
  "a\\'",
  "', RENAME TO stolen",
  "/* x */ -- x # x",
  "`; DROP TABLE x",
  "表ソ能許\\",
  "é",
  "\n",
];

/** Generates names, texts and white space for random statements. */
export class RandomSql {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** A table's name; if the database is the default one, with or without it. */
  table(database: string, table: string, style: Style, defaultDatabase: string): string {
    const name = this.quoted(table, style);
    if (database === defaultDatabase && this.#random.chance(0.5)) return name;
    return `${this.quoted(database, style)}${this.#random.pick([".", " . "])}${name}`;
  }

  /** A name, quoted where necessary. */
  quoted(name: string, { ansiQuotes }: Style): string {
    if (/^[a-z_]\w*$/.test(name) && !RESERVED.has(name) && this.#random.chance(0.5)) return name;
    const quote = ansiQuotes && this.#random.chance(0.5) ? '"' : "`";
    return quote + name.replaceAll(quote, quote + quote) + quote;
  }

  text({ ansiQuotes, backslashEscapes }: Style): string {
    const text = this.#random.pick(TEXTS);
    const quote = ansiQuotes || this.#random.chance(0.5) ? "'" : '"';
    const escaped = backslashEscapes ? text.replaceAll("\\", "\\\\") : text;
    const doubled = this.#random.chance(0.5) || !backslashEscapes ? quote + quote : `\\${quote}`;
    return quote + escaped.replaceAll(quote, doubled) + quote;
  }

  maybe(...words: readonly string[]): readonly string[] {
    return this.#random.chance(0.5) ? words : [];
  }

  /** Words with white space, comments and executable comments between them. */
  spaced(words: readonly string[]): string {
    const random = this.#random;
    const gap = (): string => random.pick(GAPS);
    let statement = random.chance(0.3) ? gap() : "";
    for (const word of words) {
      const isExecutable = random.chance(0.05) && /^[A-Z]+$/.test(word);
      statement += isExecutable ? `/*!${random.pick(["", "50000", "080000"])} ${word} */` : word;
      statement += gap();
    }
    return statement;
  }
}

const RESERVED: ReadonlySet<string> = new Set(["table", "select", "from"]);

const GAPS = [
  " ",
  " ",
  " ",
  "\n",
  "\t",
  " /* ' \" ` */ ",
  " /*x/*y*/ ",
  " -- it's\n",
  " # it's `\n",
  "/**/",
  " --\n",
];
