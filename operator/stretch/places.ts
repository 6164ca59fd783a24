import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { CommandError } from "../shared/command-error.ts";
import type { Bound } from "./bounds.ts";
import type { TracedServer } from "./traced-server.ts";

/** The beginning or the end of a stretch, as an operator specifies it. */
export type Place =
  /** Microseconds since 1970. */
  | { readonly kind: "time"; readonly us: number }
  | { readonly kind: "gtid"; readonly gtid: string }
  | { readonly kind: "position"; readonly file: string; readonly offset: number };

export const PLACE_FORMS =
  "a time (2026-11-28T10:00:00Z, or 2h for two hours ago), a GTID, or a position (mysql-bin.000017:4)";

const SECOND_US = 1_000_000;
const AGO = /^(\d+)(s|m|min|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const GTID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:(?:[a-z_][a-z0-9_]{0,31}:)?\d+$/i;
const POSITION = /^(.+\.\d+):(\d+)$/;
const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?)?$/;

/** Parses a place. A time without a zone is in UTC. Throws CommandError. */
export function parsePlace(text: string, nowMs: number): Place {
  const ago = AGO.exec(text);
  if (ago !== null)
    return { kind: "time", us: (nowMs - Number(ago[1]) * (UNIT_MS[ago[2] ?? ""] ?? 0)) * 1000 };
  if (GTID.test(text)) return { kind: "gtid", gtid: text };
  const position = POSITION.exec(text);
  if (position !== null)
    return { kind: "position", file: position[1] ?? "", offset: Number(position[2]) };
  const us = parseTime(text);
  if (us !== null) return { kind: "time", us };
  throw new CommandError(`${JSON.stringify(text)} is not a place: name ${PLACE_FORMS}`);
}

/** Microseconds since 1970; null when the text is no time, or names a day that does not exist. */
function parseTime(text: string): number | null {
  const [, date, time = "00:00", fraction = "", zone = "Z"] = TIME.exec(text) ?? [];
  if (date === undefined) return null;
  const ms = Date.parse(`${date}T${time}${zone}`);
  const midnight = new Date(`${date}T00:00Z`);
  // Date turns 30 February into 2 March.
  if (Number.isNaN(ms) || !midnight.toISOString().startsWith(date)) return null;
  return ms * 1000 + Number(fraction.slice(0, 6).padEnd(6, "0"));
}

/** The file to read first, and the bound from which changes belong to the stretch. */
export interface Beginning {
  readonly file: string;
  readonly from: Bound;
  /**
   * When the server's oldest file was created, milliseconds since 1970, if that is later than the
   * requested time; otherwise null.
   */
  readonly oldestMs: number | null;
}

/** Finds where to begin. Throws CommandError when the server's binlog does not have the place. */
export async function beginningAt(server: TracedServer, place: Place): Promise<Beginning> {
  if (place.kind === "time") {
    const { file, begunUs } = await fileAt(server, place.us);
    return { file, from: place, oldestMs: begunUs > place.us ? begunUs / 1000 : null };
  }
  const { file, offset } = await located(server, place);
  return {
    file,
    from: { kind: "place", fileNumber: binlogFileNumber(file), offset },
    oldestMs: null,
  };
}

/**
 * Finds where to end. The transaction of a GTID belongs to the stretch. With a position or a time,
 * the stretch ends before the first transaction that begins there or is committed then. Throws
 * CommandError.
 */
export async function endAt(server: TracedServer, place: Place): Promise<Bound> {
  if (place.kind === "time") return place;
  const { file, offset } = await located(server, place);
  const fileNumber = binlogFileNumber(file);
  return {
    kind: "place",
    fileNumber,
    offset,
    ...(place.kind === "gtid" && { isPassed: true }),
  };
}

/** When the server's oldest binlog file was created, milliseconds since 1970. */
export async function oldestMs({ evidence, state }: TracedServer): Promise<number> {
  const beginning = await evidence.beginningOf(state.oldestFile);
  return (beginning?.begunS ?? 0) * 1000;
}

async function located(
  { state, evidence }: TracedServer,
  place: Exclude<Place, { kind: "time" }>,
): Promise<{ readonly file: string; readonly offset: number }> {
  if (place.kind === "position") {
    if (state.files.includes(place.file)) return place;
    throw new CommandError(
      `the server has no binlog file ${place.file}; its oldest is ${state.oldestFile}`,
    );
  }
  if (!state.gtids) throw new CommandError("the server has no GTIDs; name a time or a position");
  const found = await evidence.find(place.gtid);
  if (found === null)
    throw new CommandError(`the server's binlog does not have the transaction ${place.gtid}`);
  return { file: found.file, offset: found.start };
}

/**
 * The last file that was certainly created before a time; the oldest file when there is none. A
 * file contains its creation time in whole seconds, so it may be up to a second too early.
 */
async function fileAt(
  { state, evidence }: TracedServer,
  us: number,
): Promise<{ readonly file: string; readonly begunUs: number }> {
  const begun = async (index: number): Promise<number> => {
    const beginning = await evidence.beginningOf(state.files[index] ?? "");
    return (beginning?.begunS ?? 0) * SECOND_US;
  };
  let low = 0;
  let lowUs = await begun(0);
  let high = state.files.length;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const middleUs = await begun(middle);
    if (middleUs + SECOND_US <= us) [low, lowUs] = [middle, middleUs];
    else high = middle;
  }
  return { file: state.files[low] ?? state.oldestFile, begunUs: lowUs };
}
