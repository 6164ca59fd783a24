/** Receives the progress of a long preparation, to show it to a person. */
export interface Progress {
  /** A step begins; the one before has ended. */
  step(text: string): void;
  /** `received` of `total` bytes of the present step have arrived. */
  bytes(received: number, total: number): void;
  /** All steps have ended. */
  end(): void;
}

/** Shows nothing. */
export const silent: Progress = { step() {}, bytes() {}, end() {} };

/** How often a terminal's line is redrawn, and how often a plain line is written, milliseconds. */
const REDRAW_MS = 100;
const PLAIN_LINE_MS = 5_000;

/**
 * Shows progress on a stream: in a terminal one line that is redrawn, elsewhere a plain line every
 * few seconds.
 */
export function showProgress(
  stream: NodeJS.WritableStream & { readonly isTTY?: boolean },
  isTerminal = stream.isTTY === true,
): Progress {
  let text = "";
  let startedAt = 0;
  let shownAt = 0;

  const show = (line: string) => {
    // In a terminal: return to the first column and erase the line.
    stream.write(isTerminal ? `\r\x1b[2K${line}` : `${line}\n`);
    shownAt = Date.now();
  };
  return {
    step(next) {
      if (isTerminal && text !== "") stream.write("\n");
      text = next;
      startedAt = Date.now();
      show(`MySQL: ${text}`);
    },
    bytes(received, total) {
      if (Date.now() - shownAt < (isTerminal ? REDRAW_MS : PLAIN_LINE_MS)) return;
      show(`MySQL: ${text}, ${amount(received, total, Date.now() - startedAt)}`);
    },
    end() {
      if (isTerminal && text !== "") stream.write("\n");
      text = "";
    },
  };
}

/** A text like `12.3 of 55.7 MB (22 %), 4.1 MB/s`. */
export function amount(received: number, total: number, elapsedMs: number): string {
  const share = total === 0 ? 100 : Math.min(100, Math.floor((received / total) * 100));
  const rate = elapsedMs === 0 ? "" : `, ${megabytes((received / elapsedMs) * 1000)} MB/s`;
  return `${megabytes(received)} of ${megabytes(total)} MB (${share} %)${rate}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
