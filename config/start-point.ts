import * as z from "zod";

/** Where reading begins when no offset is saved. */
export type StartPoint =
  | { readonly kind: "now" }
  | { readonly kind: "oldest" }
  | { readonly kind: "gtid"; readonly gtidSet: string }
  | { readonly kind: "file"; readonly file: string; readonly offset: number };

const UUID = String.raw`[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`;
const INTERVALS = String.raw`(?::(?:\d+(?:-\d+)?|[a-zA-Z_]\w{0,31}))+`;
const GTID_SET = new RegExp(`^(?:${UUID}${INTERVALS}(?:,${UUID}${INTERVALS})*)?$`);

/**
 * Parses a start point: `now`, `oldest`, `gtid:<set>` (everything after the transactions of a GTID
 * set) or `file:<name>:<offset>` (from a position between two transactions). Null when the text is
 * not a start point.
 */
export function parseStartPoint(text: string): StartPoint | null {
  if (text === "now" || text === "oldest") return { kind: text };
  if (text.startsWith("gtid:")) {
    const gtidSet = text.slice("gtid:".length).replace(/\s/g, "");
    return GTID_SET.test(gtidSet) ? { kind: "gtid", gtidSet } : null;
  }
  const position = /^file:(.+\.\d+):(\d+)$/.exec(text);
  return position === null
    ? null
    : { kind: "file", file: position[1] ?? "", offset: Number(position[2]) };
}

/** The text of a start point in the configuration and the reader's variables. */
export const startPointText = z
  .string()
  .refine(
    (text) => parseStartPoint(text) !== null,
    'must be "now", "oldest", "gtid:<set>" or "file:<name>:<offset>"',
  );

/** The text that `parseStartPoint` reads. */
export function formatStartPoint(start: StartPoint): string {
  switch (start.kind) {
    case "gtid":
      return `gtid:${start.gtidSet}`;
    case "file":
      return `file:${start.file}:${start.offset}`;
    default:
      return start.kind;
  }
}
