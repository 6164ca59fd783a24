import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive } from "../../operator/shared/stack-file.ts";

/** How often an empty lock file is read again, and after how long, milliseconds. */
const TRIES = 20;
const AGAIN_MS = 50;

/** Creates a lock file and returns true; returns false when it exists. */
export async function createLock(path: string, text: string): Promise<boolean> {
  try {
    await using file = await open(path, "wx");
    await file.writeFile(text);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * The content of a lock file. One that was just created is empty until its process id is written.
 */
export async function ownerOf(path: string): Promise<string> {
  for (let tries = 0; ; tries++) {
    const owner = await readFile(path, "utf8").catch(() => null);
    if (owner !== "" || tries === TRIES) return owner ?? "";
    await delay(AGAIN_MS);
  }
}

/** Removes the lock of an ended process. One that another start has put in its place stays. */
export async function removeLock(path: string, ended: string): Promise<void> {
  const taken = `${path}.${randomUUID()}`;
  try {
    await rename(path, taken);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  const owner = await ownerOf(taken);
  if (owner !== ended) await createLock(path, owner);
  await rm(taken);
}

/**
 * Whether the id belongs to a live `npm start`; the system may have reused it for another program.
 */
export async function isStack(pid: number): Promise<boolean> {
  if (pid === process.pid || !isAlive(pid)) return false;
  if (!existsSync("/proc/self/cmdline")) return true;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return commandLine.includes(MAIN_PROGRAM);
}

const MAIN_PROGRAM = join("infra", "local", "main.ts");

/** The code of an error of the file system, or its text. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
