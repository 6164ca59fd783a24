import { appendFileSync, closeSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import { copyFile, stat } from "node:fs/promises";

/**
 * Moves what a log contains to `<path>.1`, in place of what was moved there before. The processes
 * that append to the log go on with the empty file. Returns the bytes behind the offset `from`.
 */
export async function cutLog(path: string, from: number): Promise<Buffer> {
  const moved = `${path}.1`;
  await copyFile(path, moved);
  const { size: copied } = await stat(moved);
  const log = openSync(path, "r+");
  try {
    // Without a pause from here on: what is appended before the end is lost.
    const { size } = fstatSync(log);
    appendFileSync(moved, bytesOf(log, copied, size));
    const behind = bytesOf(log, from, size);
    ftruncateSync(log, 0);
    return behind;
  } finally {
    closeSync(log);
  }
}

function bytesOf(file: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(to - from);
  return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from));
}
