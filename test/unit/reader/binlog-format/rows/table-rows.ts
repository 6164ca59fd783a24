import fc from "fast-check";
import type { TableDefinition } from "../../../../../reader/binlog-format/column.ts";
import { EventType } from "../../../../../reader/binlog-format/events/event-types.ts";
import { INPUT_BYTES } from "../../../../../reader/binlog-format/rows-module/assembly/layout.ts";
import { rowImage } from "./row-images.ts";
import { tableDefinition } from "./table-definitions.ts";

export interface TableRows {
  readonly definition: TableDefinition;
  /** A rows event of the table, with header, without checksum. */
  readonly event: Buffer;
}

const HEADER_LENGTH = 19;
/** Of the table id and the flags, bytes. */
const POST_HEADER_LENGTH = 8;
const TYPES = [
  EventType.WRITE_ROWS_EVENT,
  EventType.UPDATE_ROWS_EVENT,
  EventType.DELETE_ROWS_EVENT,
];

/** Inserts, updates and deletes of a few rows, with images of all or of some columns. */
export const tableRows: fc.Arbitrary<TableRows> = tableDefinition
  .chain((definition) =>
    fc.record({
      definition: fc.constant(definition),
      type: fc.constantFrom(...TYPES),
      first: columnsOf(definition),
      second: columnsOf(definition),
    }),
  )
  .chain(({ definition, type, first, second }) => {
    const images = type === EventType.UPDATE_ROWS_EVENT ? [first, second] : [first];
    const row = fc.tuple(...images.map((columns) => imageOf(definition, columns)));
    return fc
      .array(row, { minLength: 1, maxLength: 6 })
      .map((rows) => ({ definition, event: eventOf(definition, type, images, rows.flat()) }));
  });

/** The same, with some bytes of the rows replaced. */
export const damagedRows: fc.Arbitrary<TableRows> = tableRows.chain(({ definition, event }) => {
  const at = fc.integer({ min: HEADER_LENGTH + POST_HEADER_LENGTH + 3, max: event.length - 1 });
  return fc.array(fc.tuple(at, fc.nat(255)), { minLength: 1, maxLength: 4 }).map((changes) => {
    const damaged = Buffer.from(event);
    for (const [offset, byte] of changes) damaged[offset] = byte;
    return { definition, event: damaged };
  });
});

/** So many rows, with so long names, that their texts do not fit into the module's memory. */
export const manyRows: fc.Arbitrary<TableRows> = fc
  .tuple(tableRows, fc.integer({ min: 900, max: 2_500 }))
  .map(([{ definition, event }, more]) => {
    const columns = definition.columns.map((column) => ({
      ...column,
      name: column.name + "n".repeat(more),
    }));
    const bitmaps = event[4] === EventType.UPDATE_ROWS_EVENT ? 2 : 1;
    const start = HEADER_LENGTH + POST_HEADER_LENGTH + 3 + bitmaps * Math.ceil(columns.length / 8);
    const rows = event.subarray(start);
    const times = Math.min(1_000, Math.floor(INPUT_BYTES / 8 / rows.length));
    const all = Array.from({ length: times }, () => rows);
    return {
      definition: { ...definition, columns },
      event: Buffer.concat([event.subarray(0, start), ...all]),
    };
  });

/** All columns of a table, or some, by their indexes. */
function columnsOf({ columns }: TableDefinition): fc.Arbitrary<readonly number[]> {
  const all = [...columns.keys()];
  return fc.oneof(fc.constant(all), fc.subarray(all, { minLength: 1 }));
}

function imageOf({ columns }: TableDefinition, chosen: readonly number[]): fc.Arbitrary<Buffer> {
  return rowImage(columns.filter((_, index) => chosen.includes(index)));
}

/** A rows event. `images`: the columns of a row's images; `rows`: the images of all rows. */
export function eventOf(
  { columns }: TableDefinition,
  type: number,
  images: readonly (readonly number[])[],
  rows: readonly Buffer[],
): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH + POST_HEADER_LENGTH);
  header[4] = type;
  const bitmaps = images.map((chosen) => {
    const bits = Buffer.alloc((columns.length + 7) >> 3);
    for (const index of chosen) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
    return bits;
  });
  // No extra data: its length counts itself.
  return Buffer.concat([header, Buffer.of(2, 0, columns.length), ...bitmaps, ...rows]);
}
