import { originalMatcher } from "../../config/copy-names.ts";
import { lowerCaseName } from "../../wire/lower-case.ts";
import { tableMatcher, WHOLE_DATABASE } from "../../wire/table-patterns.ts";

/**
 * The table that pt-table-checksum writes by default, in statement format, while it reads every
 * table but no view. It is harmless without an entry in the configuration.
 */
export const CHECKSUMS = "percona.checksums";

export interface FollowedTablesOptions {
  /** The configuration's patterns. */
  readonly patterns: readonly string[];
  /**
   * Patterns of harmless tables: the configuration guarantees that a statement which writes them
   * changes no followed table, be it through a trigger, view or foreign key of these tables or
   * through a function in a view that it reads. CHECKSUMS is always one of them; a followed table
   * never is.
   */
  readonly statementTables?: readonly string[];
  /** The session ledger's table, `database.table`. */
  readonly ledger: string;
  /**
   * Whether the server has `lower_case_table_names` 1 or 2. Table names are then in lower case in
   * table maps, and as typed in statements.
   */
  readonly lowerCase: boolean;
}

/**
 * Decides which tables the reader follows. All names are those of table maps; `nameOf` converts a
 * name from a statement.
 */
export class FollowedTables {
  readonly #matches: (database: string, table: string) => boolean;
  readonly #matchesOriginal: readonly ((database: string, table: string) => boolean)[];
  readonly #isLedger: (database: string, table: string) => boolean;
  readonly #isHarmless: (database: string, table: string) => boolean;
  readonly #lowerCase: boolean;

  constructor({ patterns, statementTables = [], ledger, lowerCase }: FollowedTablesOptions) {
    const written = (pattern: string): string => (lowerCase ? lowerCaseName(pattern) : pattern);
    this.#matches = tableMatcher(patterns.map(written));
    this.#matchesOriginal = patterns.map((pattern) => originalMatcher(written(pattern)));
    this.#isLedger = tableMatcher([written(ledger)]);
    this.#isHarmless = tableMatcher([CHECKSUMS, ...statementTables].map(written));
    this.#lowerCase = lowerCase;
  }

  /** Whether changes of a table are delivered; for WHOLE_DATABASE: of any table of the database. */
  isDelivered(database: string, table: string): boolean {
    if (!this.#matches(database, table)) return false;
    return table === WHOLE_DATABASE || !this.#isLedger(database, table);
  }

  /** Whether changes of a table are delivered, or of one that it may be a tool's copy of. */
  mayBeDelivered(database: string, table: string): boolean {
    return this.#matchesOriginal.some((matches) => matches(database, table));
  }

  /**
   * Whether the table is the session ledger, whose rows are registrations and are not delivered.
   */
  isLedger(database: string, table: string): boolean {
    return this.#isLedger(database, table);
  }

  /** Whether the reader decodes the rows of a table. */
  isRead(database: string, table: string): boolean {
    return this.#matches(database, table) || this.#isLedger(database, table);
  }

  /** Whether the reader may decode rows of any table of a database. */
  isDatabaseRead(database: string): boolean {
    return this.isRead(database, WHOLE_DATABASE);
  }

  /**
   * Whether, according to the configuration, a statement that writes this table changes no followed
   * table.
   */
  isHarmless(database: string, table: string): boolean {
    return this.#isHarmless(database, table) && !this.isRead(database, table);
  }

  nameOf(name: string): string {
    return this.#lowerCase ? lowerCaseName(name) : name;
  }
}
