import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { CommandError } from "../../operator/shared/command-error.ts";
import { isAlive, readStackFile, type StackFile } from "../../operator/shared/stack-file.ts";
import { lockFileIn, stackFileIn } from "./stack-file.ts";

const LOOK_MS = 200;
/** An `npm start` that was begun together with `npm run wait` has its state directory by then. */
const BEGINS_WITHIN_MS = 3000;

/**
 * Waits until the stack is ready; returns the contents of stack.json in a state directory. The `npm
 * start` may begin after this call; `onNoneYet` is called once when that takes long. Throws
 * CommandError when one ended before it was ready, or when none is ready in time.
 */
export async function untilReady(
  stateDirectory: string,
  withinMs: number,
  onNoneYet: () => void,
): Promise<StackFile> {
  const beginMs = performance.now();
  let isStarting = false;
  let isTold = false;
  for (;;) {
    const wasStarting = isStarting;
    // The lock is read before stack.json, which a stack writes while it holds the lock.
    isStarting = await isLocked(stateDirectory);
    const stack = await readStackFile(stackFileIn(stateDirectory)).catch((error: unknown) => {
      if (error instanceof CommandError) return error;
      throw error;
    });
    if (!(stack instanceof CommandError)) return stack;
    if (wasStarting && !isStarting) {
      throw new CommandError("npm start ended before it was ready; its own output says why");
    }
    const waitedMs = performance.now() - beginMs;
    if (waitedMs > withinMs) {
      throw new CommandError(`not ready after ${withinMs / 1000} s: ${stack.message}`);
    }
    if (!isStarting && !isTold && waitedMs > BEGINS_WITHIN_MS) {
      isTold = true;
      onNoneYet();
    }
    await delay(LOOK_MS);
  }
}

/** Whether a live process has the directory; one that was killed leaves its lock behind. */
async function isLocked(stateDirectory: string): Promise<boolean> {
  return isAlive(Number(await readFile(lockFileIn(stateDirectory), "utf8").catch(() => "")));
}
