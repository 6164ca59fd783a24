import { parseCondition } from "../../config/condition/parse-condition.ts";
import type { Routing, Subscriber } from "../../config/routing.ts";
import { hasColumns, isFiltered } from "../../config/filters.ts";
import type { FrameHeader, FrameTable, TableShape } from "../../wire/frame.ts";
import { lowerCaseName } from "../../wire/lower-case.ts";
import type { PositionedChange } from "../frame/read-frame.ts";
import { BoundedCache } from "../ground/bounded-cache.ts";
import {
  FilterSecretUnreadError,
  HiddenColumnMissingError,
  HiddenKeyError,
  OwnTroubleError,
  UndecidedRowError,
} from "../ground/errors.ts";
import { columnRules, columnsHiddenByName, namesOf, type TreatmentOf } from "./column-rules.ts";
import { originalMatcher } from "../../config/copy-names.ts";
import { filterColumns, filterShape } from "./filter-columns.ts";
import { filterRow } from "./filter-rows.ts";
import { maskWith, type MaskValue } from "./masks.ts";
import { and } from "./truth.ts";
import { isSealed, sealWith, type Seal } from "./sealed-text.ts";
import { columnKey, type RowCondition, rowCondition } from "./row-condition.ts";

/** The filters of a configuration. */
export interface Filters {
  /** The subscriber's filter; null when it gets all rows, unchanged. */
  of(subscriber: string): SubscriberFilter | null;
  /** Whether the configuration contains the subscriber, so that its filters are known. */
  knows(subscriber: string): boolean;
  /** Decrypts a text that a subscriber's `seal` encrypted. Throws BodyUnavailableError. */
  readonly open: Seal["open"];
}

/** The filters of one subscriber. */
interface SubscriberFilter {
  /** The filter for a table; null when the subscriber gets the whole table, unchanged. */
  table(table: FrameTable, lowerCaseNames?: boolean): TableFilter | null;
  /** Removes hidden columns from the tables in a frame's header. */
  header(header: FrameHeader): FrameHeader;
  /**
   * Encrypts a text that contains unmasked columns. Returns the text itself when the subscriber has
   * no `columns`.
   */
  readonly seal: Seal["seal"];
}

/**
 * Returns the change for the subscriber; null when it gets none. Throws UndecidedRowError when the
 * row images lack a column of the condition, HiddenColumnMissingError when the table lacks a column
 * that the configuration hides, and HiddenKeyError when the configuration leaves out a column of
 * the table's key.
 */
export type TableFilter = (change: PositionedChange) => PositionedChange | null;

export const NO_FILTERS: Filters = {
  of: () => null,
  knows: () => true,
  open: sealWith(null).open,
};

/**
 * Creates the filters of a routing. `secret` is the key for hashes and sealed texts. It may be null
 * only if no subscriber has `columns`; otherwise RangeError is thrown.
 */
export function filtersOf(routing: Routing, secret: string | null): Filters {
  if (secret === null) {
    const masked = Object.entries(routing.subscribers).find(([, one]) => hasColumns(one));
    if (masked !== undefined)
      throw new RangeError(`the columns of ${masked[0]} cannot be masked without a secret`);
  }
  return filtersWith(routing, { ...sealWith(secret), mask: maskWith(secret ?? "") });
}

/**
 * The filters of a routing while its secret cannot be read. Hashing a value and sealing a text
 * throw FilterSecretUnreadError, so that only those queues' changes are parked. `open` throws
 * OwnTroubleError for a sealed text, so that its record waits and no attempt is counted.
 */
export function filtersWithoutSecret(routing: Routing): Filters {
  const plain = maskWith("");
  return filtersWith(routing, {
    mask(mask, json) {
      if (mask === "hash" && json !== "null") throw new FilterSecretUnreadError();
      return plain(mask, json);
    },
    seal() {
      throw new FilterSecretUnreadError();
    },
    open(text) {
      if (!isSealed(text)) return text;
      throw new OwnTroubleError("the secret that opens the record's body cannot be read");
    },
  });
}

function filtersWith(
  routing: Routing,
  { seal, open, mask }: Seal & { readonly mask: MaskValue },
): Filters {
  const filters = new Map(
    Object.entries(routing.subscribers)
      .filter(([, subscriber]) => isFiltered(subscriber))
      .map(([name, subscriber]) => {
        const filter = subscriberFilter(name, subscriber, mask);
        return [name, { ...filter, seal: hasColumns(subscriber) ? seal : (text: string) => text }];
      }),
  );
  return {
    of: (subscriber) => filters.get(subscriber) ?? null,
    knows: (subscriber) => Object.hasOwn(routing.subscribers, subscriber),
    open,
  };
}

/** A subscriber's rules for one table. */
interface TableRules {
  readonly treatmentOf: TreatmentOf | null;
  /** See `columnsHiddenByName`. */
  readonly hidden: readonly string[];
  readonly filter: TableFilter | null;
}

function subscriberFilter(
  name: string,
  subscriber: Subscriber,
  maskValue: MaskValue,
): Omit<SubscriberFilter, "seal"> {
  const known = new BoundedCache<TableRules>();
  const conditions = conditionsOf(subscriber.where);
  const { whereCrossing: crossing = "create-delete" } = subscriber;

  function rulesOf([database, table, shape]: FrameTable, lowerCaseNames: boolean): TableRules {
    const former = shape?.former;
    const renamed = former === undefined ? "" : JSON.stringify(former);
    const key = `${database}\0${table}\0${lowerCaseNames}\0${renamed}`;
    let rules = known.get(key);
    if (rules === undefined) {
      const { columns } = subscriber;
      const treatmentOf =
        columns === undefined
          ? null
          : columnRules(columns, database, table, lowerCaseNames, former);
      const names = namesOf(database, table, former);
      const condition = conditions
        .filter(({ matches }) => names.some((each) => matches(...each, lowerCaseNames)))
        .map(({ condition: each }) => each)
        .reduce<RowCondition | null>(both, null);
      rules = {
        treatmentOf,
        hidden:
          columns === undefined
            ? []
            : columnsHiddenByName(columns, database, table, lowerCaseNames, former),
        filter: tableFilter(database, table, treatmentOf, condition),
      };
      known.set(key, rules);
    }
    return rules;
  }

  function tableFilter(
    database: string,
    table: string,
    treatmentOf: TreatmentOf | null,
    condition: RowCondition | null,
  ): TableFilter | null {
    if (treatmentOf === null && condition === null) return null;
    return (change) => {
      if (isWithoutRow(change)) return change;
      const wanted = condition === null ? change : filterRow(change, condition, crossing);
      if (wanted === "undecided") throw new UndecidedRowError(name, `${database}.${table}`);
      if (wanted === null || treatmentOf === null) return wanted;
      return filterColumns(wanted, treatmentOf, maskValue);
    };
  }

  return {
    table(entry, lowerCaseNames = false) {
      const [database, table, shape] = entry;
      const { filter, hidden, treatmentOf } = rulesOf(entry, lowerCaseNames);
      if (shape === undefined) return filter;
      const missing = missingFrom(shape, hidden);
      const keys = shape.key.filter((column) => treatmentOf?.(column, false) === "leave-out");
      if (missing.length + keys.length === 0) return filter;
      const fullName = `${database}.${table}`;
      return (change) => {
        if (isWithoutRow(change)) return change;
        if (missing.length > 0) throw new HiddenColumnMissingError(name, fullName, missing);
        throw new HiddenKeyError(name, fullName, keys);
      };
    },
    header: (header) => ({
      ...header,
      tables: header.tables.map((entry): FrameTable => {
        const [database, table, shape] = entry;
        const { treatmentOf } = rulesOf(entry, header.lowerCaseNames === true);
        return shape === undefined || treatmentOf === null
          ? entry
          : [database, table, filterShape(shape, treatmentOf)];
      }),
    }),
  };
}

function isWithoutRow({ op }: PositionedChange): boolean {
  return op === "t" || op === "ddl" || op === "snapshot";
}

function missingFrom({ columns }: TableShape, hidden: readonly string[]): readonly string[] {
  if (hidden.length === 0) return [];
  const names = new Set(columns.map(([name]) => columnKey(name)));
  return hidden.filter((column) => !names.has(columnKey(column)));
}

interface TableCondition {
  readonly matches: (database: string, table: string, lowerCaseNames: boolean) => boolean;
  readonly condition: RowCondition;
}

function conditionsOf(where: Subscriber["where"]): TableCondition[] {
  if (where === undefined) return [];
  const texts = typeof where === "string" ? { "*.*": where } : where;
  return Object.entries(texts).map(([pattern, text]) => {
    const matches = originalMatcher(pattern);
    const matchesLowerCase = originalMatcher(lowerCaseName(pattern));
    return {
      matches: (database, table, lowerCaseNames) =>
        lowerCaseNames ? matchesLowerCase(database, table) : matches(database, table),
      condition: rowCondition(parseCondition(text)),
    };
  });
}

function both(left: RowCondition | null, right: RowCondition): RowCondition {
  return left === null ? right : (row) => and(left(row), right(row));
}
