import type { ReaderItem } from "../../../reader/offsets/reader-item.ts";
import { type Finding, fixedByHand } from "../../../reader/source/finding.ts";

/** Reports that the stack's reader has stopped. */
export function stopFindings({ stop }: Pick<ReaderItem, "stop">): Finding[] {
  if (stop === null) return [];
  const { error, message, sinceMs, isKept } = stop;
  return [
    fixedByHand(
      isKept
        ? "Compare the server's history with the offset (npm run offsets -- show), then run npm run offsets -- continue, or set (docs/runbook.md#reader-stopped)."
        : "Do what the error says: the reader tries again every minute (docs/runbook.md#reader-stopped).",
      {
        check: "reader.stopped",
        severity: "loss",
        what: `the reader has been stopped since ${new Date(sinceMs).toISOString()}: ${error}: ${message}`,
        why: "no environment receives changes until a person acts, and MySQL purges its binlog meanwhile",
      },
    ),
  ];
}

/**
 * The age of the last transaction that the reader has passed, in seconds since its commit; null
 * when the reader has not read any.
 */
export function readerLag({ offset }: Pick<ReaderItem, "offset">, nowMs: number): number | null {
  if (offset === null || offset.committedMs === 0) return null;
  return Math.max(0, (nowMs - offset.committedMs) / 1000);
}
