import { originalMatcher } from "../../config/copy-names.ts";
import type { FilteredNames } from "../../config/filtered-names.ts";
import { columnNameMatcher, parseColumnPattern } from "../../wire/column-patterns.ts";
import { lowerCaseName } from "../../wire/lower-case.ts";

/** [database, table] */
export type TableId = readonly [database: string, table: string];

type TableMatcher = (database: string, table: string) => boolean;

/** Decides which former names matter: those under which a filter found a table or column. */
export class NameFilters {
  readonly #tables: readonly TableMatcher[];
  readonly #columns: readonly {
    readonly isOfTable: TableMatcher;
    readonly isColumn: (name: string) => boolean;
  }[];

  /** `lowerCase`: see `FollowedTablesOptions`. */
  constructor({ tables, columns }: FilteredNames, lowerCase: boolean) {
    const matcher = (pattern: string): TableMatcher =>
      originalMatcher(lowerCase ? lowerCaseName(pattern) : pattern);
    this.#tables = tables.map(matcher);
    this.#columns = columns.flatMap((text) => {
      const pattern = parseColumnPattern(text);
      if (pattern === null) return [];
      const isOfTable = matcher(`${pattern.database}.${pattern.table}`);
      return [{ isOfTable, isColumn: columnNameMatcher(pattern) }];
    });
  }

  /** Whether a filter that chooses the table `former` does not choose the table `present`. */
  mattersTable(former: TableId, present: TableId): boolean {
    return this.#tables.some((matches) => matches(...former) && !matches(...present));
  }

  /**
   * Whether a filter that chooses the column `former` of a table with these names does not choose
   * its column `present`.
   */
  mattersColumn(tables: readonly TableId[], former: string, present: string): boolean {
    return this.#columns.some(
      ({ isOfTable, isColumn }) =>
        isColumn(former) && !isColumn(present) && tables.some((name) => isOfTable(...name)),
    );
  }
}
