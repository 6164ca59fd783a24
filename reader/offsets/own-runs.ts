import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { binlogFileNumber } from "../../wire/binlog-file.ts";
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
import { beganFile, runBeginning, runOfSecond } from "../transactions/server-run.ts";
import type { EventPosition } from "./evidence.ts";

/**
 * In a life that begins behind a gap, the runs of the server that had begun before this place have
 * names of their own, under which nothing is recorded yet. What an earlier life has recorded of
 * their connections ends before the gap, and in the gap another user may have registered.
 *
 * In this life, nothing before this place was read, or not everything; behind it everything is.
 */
export interface OwnRuns extends EventPosition {
  /** In the names, in place of the second in which the server started; see `runBeginning`. */
  readonly second: number;
}

/** `former`: those of the former life, which may have begun in this second, too. */
export function ownRunsBefore(
  { file, offset }: EventPosition,
  former: OwnRuns | undefined,
): OwnRuns {
  return { second: Math.max(thisSecond(), (former?.second ?? 0) + 1), file, offset };
}

/**
 * A name for the run at a position, when its beginning is unknown. It is unique, because no run has
 * begun in this second with this file.
 */
export function runAt(file: string): number {
  return runBeginning(thisSecond(), binlogFileNumber(file));
}

function thisSecond(): number {
  return Math.floor(Date.now() / 1000);
}

/** Whether a run has a name of its own; true also of a run that is not known yet. */
export function isOwnRun(run: number | null, own: OwnRuns | undefined): boolean {
  return own !== undefined && (run === null || runOfSecond(run, own.second) === run);
}

/** Whether a place is before another one. `files`: the server's; those that it lacks come first. */
export function isEarlier(
  place: EventPosition,
  other: EventPosition,
  files: readonly string[],
): boolean {
  const [at, otherAt] = [files.indexOf(place.file), files.indexOf(other.file)];
  return at < otherAt || (at === otherAt && place.offset < other.offset);
}

/**
 * Returns a function that gives a run the name that it has in this life, from the one that it has
 * in every other one.
 *
 * @param files the server's
 * @param some those of them in which the runs began, all with one base name
 */
export function runsInThisLife(
  own: OwnRuns | undefined,
  files: readonly string[],
  some: readonly string[],
): (run: number) => number {
  if (own === undefined) return (run) => run;
  const before = new Set(files.slice(0, files.indexOf(own.file) + 1));
  const began = new Set(
    some.filter((file) => before.has(file)).map((file) => beganFile(binlogFileNumber(file))),
  );
  return (run) => (began.has(beganFile(run)) ? runOfSecond(run, own.second) : run);
}

/** Encodes it as an attribute of the reader's item. */
export function ownRunsAttribute(own: OwnRuns | undefined): AttributeValue {
  if (own === undefined) return NULL;
  return map([
    ["second", number(own.second)],
    ["file", text(own.file)],
    ["offset", number(own.offset)],
  ]);
}

/** undefined also in items of earlier releases. */
export function ownRunsOf(item: Item): OwnRuns | undefined {
  if (item["ownRuns"]?.M === undefined) return undefined;
  const own = mapOf(item, "ownRuns");
  return {
    second: numberOf(own, "second") ?? 0,
    file: textOf(own, "file") ?? "",
    offset: numberOf(own, "offset") ?? 0,
  };
}
