import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { Operation } from "../../wire/frame.ts";
import type { TableDefinition } from "../binlog-format/column.ts";
import { RowTexts } from "../binlog-format/rows/row-texts.ts";
import { HeldChanges } from "./held-changes.ts";
import type { PreparedXa } from "./prepared-xa.ts";
import { type KeptXa, type RowChange, gtidOf } from "./transaction.ts";

/**
 * A change in the object, as a line of JSON. `definition` is an index in `KeptHead.definitions`.
 */
interface KeptChange extends Pick<RowChange, "database" | "table" | "offset" | "row" | "n"> {
  readonly op: Operation;
  readonly before: string;
  readonly after: string;
  readonly rowKey: string;
  readonly oldKey: string;
  readonly definition: number | null;
}

interface KeptHead {
  readonly xaChanges: 1;
  /** The patterns of the tables that the reader followed; earlier releases did not write them. */
  readonly tables?: readonly string[];
  readonly definitions: readonly TableDefinition[];
}

/**
 * The S3 key of a prepared transaction's changes, below `prefix`. It is the same whenever the
 * transaction is read.
 */
export function keptKey(prefix: string, { transaction, held }: PreparedXa): string {
  const { file, start, committedUs } = transaction;
  const name = [held.xid, gtidOf(transaction) ?? "", file, start, committedUs].join(" ");
  return `${prefix}${createHash("sha256").update(name).digest("hex")}`;
}

/**
 * Encodes the changes for the payload bucket: lines of JSON, compressed by gzip. `tables`: the
 * patterns of the followed tables.
 */
export async function encodeHeldChanges(
  { list }: HeldChanges,
  tables: readonly string[],
): Promise<Buffer> {
  const definitions = new Map<TableDefinition, number>();
  const lines = list.map(({ texts, definition, op, database, table, offset, row, n }) => {
    if (definition !== undefined && !definitions.has(definition))
      definitions.set(definition, definitions.size);
    const { before, after, key: rowKey, oldKey } = texts;
    const change: KeptChange = {
      op,
      database,
      table,
      offset,
      row,
      n,
      before,
      after,
      rowKey,
      oldKey,
      definition: definition === undefined ? null : (definitions.get(definition) ?? null),
    };
    return JSON.stringify(change);
  });
  const head: KeptHead = { xaChanges: 1, tables, definitions: [...definitions.keys()] };
  return promisify(gzip)([JSON.stringify(head), ...lines].join("\n"));
}

/**
 * Restores a prepared transaction from its kept changes. `tables`: the patterns of the tables that
 * are followed now. Throws when the object is damaged.
 */
export async function restorePreparedXa(
  kept: KeptXa,
  object: Uint8Array,
  tables: readonly string[],
): Promise<PreparedXa> {
  const [head = "", ...lines] = (await promisify(gunzip)(object)).toString("utf8").split("\n");
  const { definitions, tables: keptFor } = JSON.parse(head) as KeptHead;
  const isPartial = mayChooseMore(tables, keptFor);
  const held = new HeldChanges(kept.xid);
  for (const line of lines) {
    const change = JSON.parse(line) as KeptChange;
    const { op, database, table, offset, row, n, before, after, rowKey, oldKey } = change;
    held.add({
      op,
      database,
      table,
      offset,
      row,
      n,
      texts: RowTexts.of({ before, after, key: rowKey, oldKey }),
      definition: change.definition === null ? undefined : definitions[change.definition],
    });
  }
  return { transaction: kept.transaction, held, run: null, kept, isPartial };
}

/** Whether patterns may choose a table that the former ones did not choose. */
function mayChooseMore(patterns: readonly string[], former: readonly string[] = []): boolean {
  return (
    patterns.some((pattern) => !isExclusion(pattern) && !former.includes(pattern)) ||
    former.some((pattern) => isExclusion(pattern) && !patterns.includes(pattern))
  );
}

function isExclusion(pattern: string): boolean {
  return pattern.startsWith("!");
}
