import { readFile } from "node:fs/promises";

/** What a process uses now: bytes in memory, and processor time since its start in seconds. */
export interface ProcessUsage {
  readonly memoryBytes: number;
  readonly cpuSeconds: number;
  /** A process that was stopped by a signal does nothing until it is continued. */
  readonly isSuspended: boolean;
}

/**
 * Linux counts processor time in hundredths of a second, and memory in pages of 4 KiB on x64 and
 * arm64.
 */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** Null when there is no such process, or no Linux. */
export async function processUsage(pid: number): Promise<ProcessUsage | null> {
  let text: string;
  try {
    text = await readFile(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
  // The name, in parentheses, may hold spaces; the state is what follows it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const number = (place: number): number => Number(fields[place]);
  if (fields[0] === "Z") return null;
  return {
    isSuspended: fields[0] === "T",
    cpuSeconds: (number(11) + number(12)) / TICKS_PER_SECOND,
    memoryBytes: number(21) * PAGE_BYTES,
  };
}
