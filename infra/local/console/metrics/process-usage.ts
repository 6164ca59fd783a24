import { readFile } from "node:fs/promises";

/** What a process uses now: memory in bytes, and processor time since its start in seconds. */
export interface ProcessUsage {
  readonly memoryBytes: number;
  readonly cpuSeconds: number;
  /** Whether a signal (SIGSTOP) suspended the process. */
  readonly isSuspended: boolean;
}

/**
 * Linux counts processor time in ticks of 1/100 s, and memory in pages, which have 4 KiB on x64 and
 * usually on arm64.
 */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** The usage of a process; null when it does not exist or has ended, or without Linux's /proc. */
export async function processUsage(pid: number): Promise<ProcessUsage | null> {
  let text: string;
  try {
    text = await readFile(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
  // The name, in parentheses, may contain spaces; the state follows it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const number = (place: number): number => Number(fields[place]);
  if (fields[0] === "Z") return null;
  return {
    isSuspended: fields[0] === "T",
    cpuSeconds: (number(11) + number(12)) / TICKS_PER_SECOND,
    memoryBytes: number(21) * PAGE_BYTES,
  };
}
