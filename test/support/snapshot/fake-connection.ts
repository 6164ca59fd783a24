import { ColumnType, type TableDefinition } from "../../../reader/binlog-format/column.ts";
import type { DescribedTable } from "../../../reader/snapshot/describe-table.ts";
import type { SelectedRow } from "../../../reader/snapshot/selected-rows.ts";
import type { ReadingConnection } from "../../../reader/snapshot/table-reading.ts";
import type { Condition } from "../../../reader/snapshot/table-key.ts";

const column = (name: string, type: number): TableDefinition["columns"][number] => ({
  name,
  type,
  nullable: false,
  unsigned: false,
  collation: type === ColumnType.LONG ? 0 : 255,
  maxLength: 0,
  width: type === ColumnType.LONG ? 0 : 4,
  precision: 0,
  decimals: 0,
  members: [],
  geometryType: 0,
  dimensions: 0,
  visible: true,
});

const definition: TableDefinition = {
  id: 0,
  database: "shop",
  table: "t",
  columns: [column("id", ColumnType.LONG), column("v", ColumnType.BLOB)],
  primaryKey: [0],
};

/**
 * A connection to a server with the table `shop.t (id INT PRIMARY KEY, v TEXT)`. It answers the
 * statements that read a table; a condition selects all rows.
 */
export class FakeConnection implements ReadingConnection {
  readonly rows = new Map<number, string>();
  /** The end of the binlog. */
  offset = 100;
  /** Called with the number of rows that a statement examines; may throw. */
  onRead: (rows: number) => void = () => undefined;

  ask<T>(): Promise<T> {
    const described: DescribedTable = {
      definition,
      key: { name: "PRIMARY", columns: [{ index: 0, isDescending: false, collation: null }] },
      rowBytes: 0,
      estimatedRows: this.rows.size,
    };
    return Promise.resolve(described as T);
  }

  untilVisible(): Promise<void> {
    return Promise.resolve();
  }

  areGtidsOn(): Promise<boolean> {
    return Promise.resolve(true);
  }

  end(): Promise<{ fileNumber: number; offset: number }> {
    return Promise.resolve({ fileNumber: 1, offset: this.offset });
  }

  async each({ sql, parameters }: Condition, onRow: (row: SelectedRow) => void): Promise<void> {
    await Promise.resolve();
    const bounds = parameters.map((hex) => Number(Buffer.from(hex, "hex").toString()));
    const [, first = "", second] = /LIMIT (\d+)(?:, (\d+))?$/.exec(sql) ?? [];
    let keys = [...this.rows.keys()].sort((a, b) => a - b);
    if (sql.includes("`id` = ")) keys = keys.filter((key) => bounds.includes(key));
    else {
      const upper = sql.includes("NOT (") ? bounds.pop() : undefined;
      const [lower] = bounds;
      keys = keys.filter((key) => key > (lower ?? 0) && key <= (upper ?? Infinity));
    }
    if (second !== undefined) keys = keys.slice(Number(first), Number(first) + 1);
    else if (first !== "") keys = keys.slice(0, Number(first));
    this.onRead(keys.length);
    for (const key of keys)
      onRow([Buffer.from(String(key)), Buffer.from(this.rows.get(key) ?? "")]);
  }
}
