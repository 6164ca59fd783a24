import Table, { type TableConstructorOptions } from "cli-table3";

type Row = readonly (string | number)[];

/** Rows laid out together: cli-table3's layout takes time with the square of their number. */
const PIECE_ROWS = 50;
const NO_TOP = { top: "", "top-mid": "", "top-left": "", "top-right": "" };
const OPEN_BOTTOM = {
  bottom: "─",
  "bottom-mid": "┼",
  "bottom-left": "├",
  "bottom-right": "┤",
};

/** Draws a table for a terminal. */
export function table(head: readonly string[], rows: readonly Row[]): string {
  const pieces = Array.from({ length: Math.max(1, Math.ceil(rows.length / PIECE_ROWS)) }, (_, at) =>
    rows.slice(at * PIECE_ROWS, (at + 1) * PIECE_ROWS),
  );
  const widths: number[] = [];
  for (const piece of pieces) {
    const laidOut = drawn(head, piece);
    laidOut.toString();
    for (const [column, width] of laidOut.options.colWidths.entries())
      widths[column] = Math.max(widths[column] ?? 0, width ?? 0);
  }
  return pieces
    .map((piece, at) =>
      drawn(at === 0 ? head : [], piece, {
        colWidths: [...widths],
        chars: { ...(at > 0 && NO_TOP), ...(at < pieces.length - 1 && OPEN_BOTTOM) },
      }).toString(),
    )
    .join("\n");
}

function drawn(
  head: readonly string[],
  rows: readonly Row[],
  options: TableConstructorOptions = {},
) {
  const lines = new Table({ head: [...head], style: { head: [], border: [] }, ...options });
  for (const row of rows) lines.push([...row]);
  return lines;
}

/**
 * A text with escapes for its control characters, except line feeds and tabs, for the characters
 * that change the direction or the lines of a text, and for spaces without a width. Names and
 * errors come from the database, where they may have any. A terminal obeys them, and shows another
 * name than the one that is there. Joiners stay: scripts and emoji need them.
 */
export function visible(text: string): string {
  return text.replace(
    /(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029\u200b\u2060\ufeff]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A text as it is written to a stream: unchanged, unless a terminal shows it. */
export function shownOn(stream: { readonly isTTY?: boolean }, text: string): string {
  return stream.isTTY === true ? visible(text) : text;
}

/** "1 record", "2 records". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A time in ISO 8601, in whole seconds; "" for 0. */
export function time(ms: number): string {
  return ms === 0 ? "" : new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** "in 3 min", "2 h ago". */
export function distance(ms: number, now: number): string {
  const seconds = Math.round(Math.abs(ms - now) / 1000);
  const amount =
    seconds < 120
      ? `${seconds} s`
      : seconds < 7200
        ? `${Math.round(seconds / 60)} min`
        : `${Math.round(seconds / 3600)} h`;
  return ms > now ? `in ${amount}` : `${amount} ago`;
}

/**
 * Rewrites one line of the terminal at each call, cut to its width: a line that wraps could not be
 * rewritten. Does nothing without a terminal.
 */
export function progressLine(stream: NodeJS.WriteStream): (text: string) => void {
  if (!stream.isTTY) return () => undefined;
  const width = stream.columns > 1 ? stream.columns - 1 : Infinity;
  return (line) => {
    stream.clearLine(0);
    stream.cursorTo(0);
    stream.write(visible(line).slice(0, width));
  };
}
