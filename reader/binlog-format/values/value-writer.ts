import type { JsonWriter } from "../json-writer.ts";

/**
 * Writes one value of a row image as JSON: reads it from `row` at `offset` and returns the offset behind it. Made for one
 * column, so that everything the column's definition decides is decided once.
 */
export type ValueWriter = (row: Buffer, offset: number, json: JsonWriter) => number;
