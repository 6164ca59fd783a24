import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import {
  type Item,
  map,
  mapOf,
  NULL,
  number,
  numberOf,
  text,
  textOf,
} from "../../wire/attributes.ts";
import type { SavedSnapshots, SnapshotProgress } from "../frames/snapshot-progress.ts";

/** Encodes the snapshots' state as an attribute of the reader's item. */
export function snapshotsAttribute(saved: SavedSnapshots | undefined): AttributeValue {
  if (saved === undefined) return NULL;
  const { file, offset, next } = saved.numbers;
  return map([
    [
      "numbers",
      map([
        ["file", text(file)],
        ["offset", number(offset)],
        ["next", number(next)],
      ]),
    ],
    ["progress", { L: saved.progress.map(progressAttribute) }],
  ]);
}

/** Decodes the snapshots' state; undefined also in items of earlier releases. */
export function snapshotsOf(item: Item): SavedSnapshots | undefined {
  if (item["snapshots"]?.M === undefined) return undefined;
  const saved = mapOf(item, "snapshots");
  const numbers = mapOf(saved, "numbers");
  return {
    numbers: {
      file: textOf(numbers, "file") ?? "",
      offset: numberOf(numbers, "offset") ?? 0,
      next: numberOf(numbers, "next") ?? 0,
    },
    progress: (saved["progress"]?.L ?? []).map(({ M: progress = {} }) => progressOf(progress)),
  };
}

function progressAttribute(progress: SnapshotProgress): AttributeValue {
  const { lastKey } = progress;
  return map([
    ["id", text(progress.id)],
    ["tables", { L: progress.tables.map(text) }],
    ["tableIndex", number(progress.tableIndex)],
    ["keyName", text(progress.keyName)],
    ["lastKey", lastKey === null ? NULL : { L: lastKey.map(text) }],
    ["rowsOfTable", number(progress.rowsOfTable)],
    ["rows", number(progress.rows)],
    ["chunks", number(progress.chunks)],
    ["parts", number(progress.parts)],
    ["rereads", number(progress.rereads)],
  ]);
}

function progressOf(item: Item): SnapshotProgress {
  return {
    id: textOf(item, "id") ?? "",
    tables: listOf(item, "tables") ?? [],
    tableIndex: numberOf(item, "tableIndex") ?? 0,
    keyName: textOf(item, "keyName") ?? "",
    lastKey: listOf(item, "lastKey"),
    rowsOfTable: numberOf(item, "rowsOfTable") ?? 0,
    rows: numberOf(item, "rows") ?? 0,
    chunks: numberOf(item, "chunks") ?? 0,
    // Earlier releases handed each chunk over as a whole.
    parts: numberOf(item, "parts") ?? numberOf(item, "chunks") ?? 0,
    rereads: numberOf(item, "rereads") ?? 0,
  };
}

function listOf(item: Item, name: string): readonly string[] | null {
  return item[name]?.L?.map(({ S: value = "" }) => value) ?? null;
}
