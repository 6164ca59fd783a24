import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import {
  map,
  NULL,
  number,
  numberOf,
  mapOf,
  text,
  textOf,
  textsOf,
  type Item,
} from "../../wire/attributes.ts";
import { parsePosition, type PositionText } from "../../wire/position.ts";
import { parseStartPoint, type StartPoint } from "../../config/start-point.ts";
import type { SavedNames } from "../statements/saved-names.ts";
import type { Anchor, WaitingXa } from "../transactions/transaction.ts";
import { keptXaAttribute, keptXaOf } from "./kept-xa-items.ts";
import type { Life } from "./life.ts";
import type { Offset } from "./offset.ts";
import { ownRunsAttribute, ownRunsOf } from "./own-runs.ts";
import { snapshotsAttribute, snapshotsOf } from "./snapshot-attribute.ts";

/**
 * The lease of the source. `beat` changes with every write of the holder; a holder whose `beat` no
 * longer changes is dead.
 */
export interface Lease {
  /** null when the lease is released. */
  readonly owner: string | null;
  /** Increases with each holder, whose writes are conditional on it. */
  readonly fence: number;
  readonly beat: number;
}

/** An operator's order to begin anew, in a new life. */
export interface NewStart
  extends Life, Pick<Offset, "lanes" | "laneCount" | "names" | "keptXa" | "ownRuns"> {
  readonly start: StartPoint;
  /** Whether the start is behind what was read and one more transaction. */
  readonly isPast: boolean;
  /** The anchor of the offset that the order replaced; null when there was none. */
  readonly lastRead: Anchor | null;
  /** The GTIDs of that offset; null when it had none. */
  readonly readSet: string | null;
}

/**
 * The reason for which the last reader stopped. If `isKept`, no reader reads on until an operator
 * has acted.
 */
export interface Stop {
  readonly error: string;
  readonly message: string;
  readonly sinceMs: number;
  readonly isKept: boolean;
}

/**
 * The state of the source in the offsets table. It has an offset to continue from, or an order to
 * begin anew, or neither when the source was never read.
 */
export interface ReaderItem {
  readonly lease: Lease | null;
  readonly offset: Offset | null;
  readonly newStart: NewStart | null;
  readonly stop: Stop | null;
  /**
   * The names of the errors after which an operator has confirmed, since the last save, that the
   * server's history is the one that was read. Each answers only its own error.
   */
  readonly vouched: ReadonlySet<string>;
}

/** Decodes the item. Attributes that earlier releases did not write count as absent. */
export function decodeReaderItem(item: Item): ReaderItem {
  return {
    lease: leaseOf(item),
    offset: offsetOf(item),
    newStart: newStartOf(item),
    stop: stopOf(item),
    vouched: textsOf(item, "vouched"),
  };
}

/** Encodes a stop as an attribute of the item. */
export function stopAttribute({ error, message, sinceMs, isKept }: Stop): AttributeValue {
  return map([
    ["error", text(error)],
    ["message", text(message)],
    ["sinceMs", number(sinceMs)],
    ["isKept", { BOOL: isKept }],
  ]);
}

/** The names of the item's attributes for the offset. */
export const OFFSET_ATTRIBUTES = [
  "epoch",
  "life",
  "server",
  "run",
  "gtidSet",
  "file",
  "offset",
  "isExact",
  "searchedTo",
  "anchor",
  "lanes",
  "laneCount",
  "lanesSince",
  "anewSince",
  "isSettled",
  "tableMadeMs",
  "begunAt",
  "ownRuns",
  "committedMs",
  "waiting",
  "keptXa",
  "snapshots",
  "names",
] as const;

function leaseOf(item: Item): Lease | null {
  const beat = numberOf(item, "beat");
  if (beat === undefined) return null;
  return { owner: textOf(item, "owner") ?? null, fence: numberOf(item, "fence") ?? 0, beat };
}

function newStartOf(item: Item): NewStart | null {
  const start = parseStartPoint(textOf(item, "start") ?? "");
  const life = textOf(item, "life") ?? null;
  return start === null
    ? null
    : {
        start,
        epoch: numberOf(item, "epoch") ?? 1,
        life,
        ...lanesOf(item),
        names: namesOf(item),
        keptXa: keptXaOf(item),
        isPast: item["isPast"]?.BOOL === true,
        lastRead: anchorOf(item, "lastRead"),
        readSet: textOf(item, "readSet") ?? null,
        ownRuns: ownRunsOf(item),
      };
}

function lanesOf(item: Item): Pick<Offset, "lanes" | "laneCount"> {
  const lanes = mapOf(item, "lanes");
  return {
    lanes: new Map(Object.keys(lanes).map((lane) => [Number(lane), textOf(lanes, lane) ?? ""])),
    laneCount: numberOf(item, "laneCount") ?? null,
  };
}

/** An earlier release begins a new life without removing the position of the former one. */
function lanesSinceOf(item: Item, epoch: number): PositionText | undefined {
  const since = textOf(item, "lanesSince");
  return since !== undefined && parsePosition(since).epoch === epoch ? since : undefined;
}

function stopOf(item: Item): Stop | null {
  if (item["stop"] === undefined) return null;
  const stop = mapOf(item, "stop");
  return {
    error: textOf(stop, "error") ?? "",
    message: textOf(stop, "message") ?? "",
    sinceMs: numberOf(stop, "sinceMs") ?? 0,
    isKept: stop["isKept"]?.BOOL === true,
  };
}

function offsetOf(item: Item): Offset | null {
  const epoch = numberOf(item, "epoch");
  if (epoch === undefined || item["start"] !== undefined) return null;
  return {
    epoch,
    life: textOf(item, "life") ?? null,
    server: textOf(item, "server") ?? "",
    run: numberOf(item, "run") ?? null,
    gtidSet: textOf(item, "gtidSet") ?? null,
    file: textOf(item, "file") ?? "",
    offset: numberOf(item, "offset") ?? 0,
    isExact: item["isExact"]?.BOOL !== false,
    searchedTo: textOf(item, "searchedTo"),
    anchor: anchorOf(item, "anchor"),
    ...lanesOf(item),
    lanesSince: lanesSinceOf(item, epoch),
    anewSince: numberOf(item, "anewSince"),
    isSettled: item["isSettled"]?.BOOL === true ? true : undefined,
    tableMadeMs: numberOf(item, "tableMadeMs"),
    begunAt: begunAtOf(item),
    ownRuns: ownRunsOf(item),
    committedMs: numberOf(item, "committedMs") ?? 0,
    waiting: waitingOf(item),
    keptXa: keptXaOf(item),
    snapshots: snapshotsOf(item),
    names: namesOf(item),
  };
}

function namesOf(item: Item): Offset["names"] {
  const json = textOf(item, "names");
  return json === undefined ? undefined : (JSON.parse(json) as SavedNames);
}

/** Decodes `begunAt`; undefined also in items of earlier releases. */
function begunAtOf(item: Item): Offset["begunAt"] {
  if (item["begunAt"]?.M === undefined) return undefined;
  const place = mapOf(item, "begunAt");
  return { file: textOf(place, "file") ?? "", offset: numberOf(place, "offset") ?? 0 };
}

function placeAttribute(place: Offset["begunAt"]): AttributeValue {
  if (place === undefined) return NULL;
  return map([
    ["file", text(place.file)],
    ["offset", number(place.offset)],
  ]);
}

/** Decodes `waiting`; undefined also in items of earlier releases. */
function waitingOf(item: Item): WaitingXa | undefined {
  if (item["waiting"]?.M === undefined) return undefined;
  const waiting = mapOf(item, "waiting");
  return {
    xid: textOf(waiting, "xid") ?? "",
    gtid: textOf(waiting, "gtid") ?? null,
    preparedMs: numberOf(waiting, "preparedMs") ?? 0,
  };
}

function waitingAttribute(waiting: WaitingXa | undefined): AttributeValue {
  if (waiting === undefined) return NULL;
  const { xid, gtid, preparedMs } = waiting;
  return map([
    ["xid", text(xid)],
    ["gtid", textOrNull(gtid)],
    ["preparedMs", number(preparedMs)],
  ]);
}

function anchorOf(item: Item, name: string): Anchor | null {
  if (item[name]?.M === undefined) return null;
  const anchor = mapOf(item, name);
  return {
    file: textOf(anchor, "file") ?? "",
    start: numberOf(anchor, "start") ?? 0,
    begunS: numberOf(anchor, "begunS") ?? null,
    gtid: textOf(anchor, "gtid") ?? null,
    committedUs: numberOf(anchor, "committedUs") ?? 0,
  };
}

/** Encodes an anchor as an attribute of the item. */
export function anchorAttribute(anchor: Anchor | null): AttributeValue {
  if (anchor === null) return NULL;
  return map([
    ["file", text(anchor.file)],
    ["start", number(anchor.start)],
    ["begunS", anchor.begunS === null ? NULL : number(anchor.begunS)],
    ["gtid", textOrNull(anchor.gtid)],
    ["committedUs", number(anchor.committedUs)],
  ]);
}

/** Encodes an offset as attributes of the item. */
export function attributesOf(
  offset: Offset,
): Record<(typeof OFFSET_ATTRIBUTES)[number], AttributeValue> {
  return {
    epoch: number(offset.epoch),
    life: textOrNull(offset.life),
    server: text(offset.server),
    run: offset.run === null ? NULL : number(offset.run),
    gtidSet: textOrNull(offset.gtidSet),
    file: text(offset.file),
    offset: number(offset.offset),
    isExact: { BOOL: offset.isExact },
    searchedTo: textOrNull(offset.searchedTo ?? null),
    anchor: anchorAttribute(offset.anchor),
    lanes: map(Array.from(offset.lanes, ([lane, position]) => [String(lane), text(position)])),
    laneCount: offset.laneCount === null ? NULL : number(offset.laneCount),
    lanesSince: textOrNull(offset.lanesSince ?? null),
    anewSince: offset.anewSince === undefined ? NULL : number(offset.anewSince),
    isSettled: { BOOL: offset.isSettled === true },
    tableMadeMs: offset.tableMadeMs === undefined ? NULL : number(offset.tableMadeMs),
    begunAt: placeAttribute(offset.begunAt),
    ownRuns: ownRunsAttribute(offset.ownRuns),
    committedMs: number(offset.committedMs),
    waiting: waitingAttribute(offset.waiting),
    keptXa: keptXaAttribute(offset.keptXa),
    snapshots: snapshotsAttribute(offset.snapshots),
    names: offset.names === undefined ? NULL : text(JSON.stringify(offset.names)),
  };
}

function textOrNull(value: string | null): AttributeValue {
  return value === null ? NULL : text(value);
}
