import * as Layout from "../rows-module/assembly/layout.ts";
import type { Column, TableDefinition } from "../column.ts";
import type { ValueWriter } from "../values/value-writer.ts";
import { columnOperation } from "./column-operation.ts";
import { storedLength } from "./image-lengths.ts";
import { ProgramTexts } from "./program-texts.ts";

/**
 * Tells the module of rows how to write a table's row images with the same columns. The format is
 * in `rows-module/assembly/layout.ts`.
 */
export interface ImageProgram {
  readonly bytes: Uint8Array;
  /** The writers of the image's columns, for the values that the module does not write. */
  readonly writers: readonly ValueWriter[];
  /** Where the module has it, see `RowsModule`. */
  readonly place: { address: number; filling: number };
}

/**
 * The program for the columns that are `present`; null when there is none of them, or when it would
 * be too large. `columnWriters`: the writers of all columns.
 */
export function imageProgram(
  definition: TableDefinition,
  columnWriters: readonly ValueWriter[],
  present: (column: number) => boolean,
): ImageProgram | null {
  const { columns, primaryKey } = definition;
  const chosen = [...columns.keys()].filter(present);
  const keyWords = 2 * primaryKey.length;
  const words = new Int32Array((Layout.PROGRAM_STEPS + chosen.length * Layout.STEP_BYTES) / 4);
  const texts = new ProgramTexts(words.byteLength + keyWords * 4);
  const keyPrefixes = new Int32Array(keyWords);
  words[Layout.PROGRAM_COLUMNS / 4] = chosen.length;
  words[Layout.PROGRAM_NULL_BYTES / 4] = (chosen.length + 7) >> 3;
  words[Layout.PROGRAM_KEY_COLUMNS / 4] = primaryKey.length;
  words[Layout.PROGRAM_KEY_PREFIXES / 4] = words.byteLength;
  primaryKey.forEach((column, i) => {
    const prefix = prefixOf(columns[column]?.name ?? "", i === 0);
    keyPrefixes[2 * i] = texts.add(prefix);
    keyPrefixes[2 * i + 1] = prefix.length;
  });
  for (const [i, index] of chosen.entries()) {
    const column = columns[index] as Column;
    const operation = columnOperation(column, texts);
    const prefix = prefixOf(column.name, i === 0);
    const at = (Layout.PROGRAM_STEPS + i * Layout.STEP_BYTES) / 4;
    words[at + Layout.STEP_OPERATION / 4] = operation.code;
    words[at + Layout.STEP_ARGUMENT / 4] = operation.argument ?? 0;
    words[at + Layout.STEP_STORED / 4] = storedLength(column);
    words[at + Layout.STEP_LONGEST / 4] = operation.longest;
    words[at + Layout.STEP_LONGEST_PER_BYTE / 4] = operation.longestPerByte ?? 0;
    words[at + Layout.STEP_PREFIX / 4] = texts.add(prefix);
    words[at + Layout.STEP_PREFIX_LENGTH / 4] = prefix.length;
    words[at + Layout.STEP_KEY_INDEX / 4] = primaryKey.indexOf(index);
  }
  const bytes = Buffer.concat([bytesOf(words), bytesOf(keyPrefixes), texts.bytes]);
  const isPossible =
    chosen.length > 0 &&
    primaryKey.length <= Layout.MOST_KEY_COLUMNS &&
    bytes.length <= Layout.PROGRAMS_BYTES / 2;
  if (!isPossible) return null;
  const writers = columnWriters.filter((_, index) => present(index));
  return { bytes, writers, place: { address: 0, filling: 0 } };
}

function prefixOf(name: string, isFirst: boolean): Buffer {
  return Buffer.from(`${isFirst ? "{" : ","}${JSON.stringify(name)}:`);
}

function bytesOf({ buffer, byteOffset, byteLength }: Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
