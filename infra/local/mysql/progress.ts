/** Hears what a longer preparation is doing, for a person to read. */
export interface Progress {
  /** A step begins; the one before is done. */
  step(text: string): void;
  /** How many bytes of how many have arrived in the present step. */
  bytes(received: number, total: number): void;
  /** All steps are over. */
  end(): void;
}

/** Shows nothing. */
export const silent: Progress = { step() {}, bytes() {}, end() {} };

/** How often a terminal's line is drawn and a plain line is written, milliseconds. */
const REDRAW_MS = 100;
const PLAIN_LINE_MS = 5_000;

/**
 * Shows progress on a stream: in a terminal one line that counts, elsewhere a plain line now and
 * then.
 */
export function showProgress(
  stream: NodeJS.WritableStream & { readonly isTTY?: boolean },
  isTerminal = stream.isTTY === true,
): Progress {
  let text = "";
  let startedAt = 0;
  let shownAt = 0;

  const show = (line: string) => {
    // In a terminal: back to the first column, and what stands in the line is erased.
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

/** `12.3 of 55.7 MB (22 %), 4.1 MB/s`. */
export function amount(received: number, total: number, elapsedMs: number): string {
  const share = total === 0 ? 100 : Math.min(100, Math.floor((received / total) * 100));
  const rate = elapsedMs === 0 ? "" : `, ${megabytes((received / elapsedMs) * 1000)} MB/s`;
  return `${megabytes(received)} of ${megabytes(total)} MB (${share} %)${rate}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
