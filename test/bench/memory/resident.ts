import { readFile, writeFile } from "node:fs/promises";

/** Resident memory of a process, MB: now, and the maximum since `forgetPeak`. */
export interface Resident {
  readonly now: number;
  readonly peak: number;
}

/** Reads `VmRSS` and `VmHWM` of Linux. Throws when there is no such process. */
export async function resident(pid: number): Promise<Resident> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return { now: megabytes(status, "VmRSS"), peak: megabytes(status, "VmHWM") };
}

/** Resets the maximum. */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, "5");
}

function megabytes(status: string, field: string): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
  if (kibibytes === undefined) throw new Error(`no ${field} in a process's status`);
  return (Number(kibibytes) * 1024) / 1e6;
}
