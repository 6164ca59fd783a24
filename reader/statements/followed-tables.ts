import { lowerCaseName } from "../../wire/lower-case.ts";
import { tableMatcher, WHOLE_DATABASE } from "../../wire/table-patterns.ts";

/**
 * Where pt-table-checksum writes by default, in statement format, while it reads every table. It
 * reads tables only, no views. This one counts as harmless without the configuration's word.
 */
export const CHECKSUMS = "percona.checksums";

export interface FollowedTablesOptions {
  /** The configuration's patterns. */
  readonly patterns: readonly string[];
  /**
   * Patterns of tables of which the configuration says that a statement which writes them changes
   * no followed table: by no trigger, view or foreign key of theirs, nor by a function in a view
   * that it reads. CHECKSUMS is one of them. A followed table is not, whatever the patterns say.
   */
  readonly statementTables?: readonly string[];
  /** The session ledger's table, `database.table`. */
  readonly ledger: string;
  /**
   * Whether the server has `lower_case_table_names` 1 or 2: rows name their tables in lower case,
   * statements as they were typed.
   */
  readonly lowerCase: boolean;
}

/**
 * Which tables the reader follows. A name is given as the binlog's rows have it; `nameOf` makes it
 * of a statement's.
 */
export class FollowedTables {
  readonly #matches: (database: string, table: string) => boolean;
  readonly #isLedger: (database: string, table: string) => boolean;
  readonly #isHarmless: (database: string, table: string) => boolean;
  readonly #lowerCase: boolean;

  constructor({ patterns, statementTables = [], ledger, lowerCase }: FollowedTablesOptions) {
    const written = (pattern: string): string => (lowerCase ? lowerCaseName(pattern) : pattern);
    this.#matches = tableMatcher(patterns.map(written));
    this.#isLedger = tableMatcher([written(ledger)]);
    this.#isHarmless = tableMatcher([CHECKSUMS, ...statementTables].map(written));
    this.#lowerCase = lowerCase;
  }

  /** Whether changes of a table are delivered; WHOLE_DATABASE: of some table of the database. */
  isDelivered(database: string, table: string): boolean {
    if (!this.#matches(database, table)) return false;
    return table === WHOLE_DATABASE || !this.#isLedger(database, table);
  }

  /** Whether it is the session ledger: its rows are taken as registrations and go no further. */
  isLedger(database: string, table: string): boolean {
    return this.#isLedger(database, table);
  }

  /** Whether rows of a table are read. */
  isRead(database: string, table: string): boolean {
    return this.#matches(database, table) || this.#isLedger(database, table);
  }

  /** Whether rows of some table of a database may be read. */
  isDatabaseRead(database: string): boolean {
    return this.isRead(database, WHOLE_DATABASE);
  }

  /**
   * Whether a statement that names the table as the one that it writes leaves followed tables as
   * they are, by the configuration's word.
   */
  isHarmless(database: string, table: string): boolean {
    return this.#isHarmless(database, table) && !this.isRead(database, table);
  }

  nameOf(name: string): string {
    return this.#lowerCase ? lowerCaseName(name) : name;
  }
}
