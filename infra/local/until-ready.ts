import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { CommandError } from "../../operator/shared/command-error.ts";
import { readStackFile, type StackFile } from "../../operator/shared/stack-file.ts";
import { lockFileIn, stackFileIn } from "./stack-file.ts";

const LOOK_MS = 200;

/**
 * Waits until the stack is ready; returns the contents of stack.json in a state directory. The `npm
 * start` may begin after this call. Throws CommandError when one ended before it was ready, or when
 * none is ready in time.
 */
export async function untilReady(stateDirectory: string, withinMs: number): Promise<StackFile> {
  const beginMs = performance.now();
  let isStarting = false;
  for (;;) {
    const wasStarting = isStarting;
    // The lock is read before stack.json, which a stack writes while it holds the lock.
    isStarting = existsSync(lockFileIn(stateDirectory));
    const stack = await readStackFile(stackFileIn(stateDirectory)).catch((error: unknown) => {
      if (error instanceof CommandError) return error;
      throw error;
    });
    if (!(stack instanceof CommandError)) return stack;
    if (wasStarting && !isStarting) {
      throw new CommandError("npm start ended before it was ready; its own output says why");
    }
    if (performance.now() - beginMs > withinMs) {
      throw new CommandError(`not ready after ${withinMs / 1000} s: ${stack.message}`);
    }
    await delay(LOOK_MS);
  }
}
