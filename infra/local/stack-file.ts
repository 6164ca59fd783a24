import { randomUUID } from "node:crypto";
import { constants, rmSync } from "node:fs";
import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StackFile } from "../../operator/shared/stack-file.ts";
import { createLock, errorCode, isStack, ownerOf, removeLock } from "./lock-file.ts";
import { AlreadyRunningError, StateDirectoryError } from "./request/refusal.ts";

/**
 * The right to run a stack with one state directory. `claim` ensures that no other live `npm start`
 * has it, and removes what a dead one left behind. Disposing releases it and removes stack.json and
 * `env`; so does the end of this process, except by SIGKILL.
 */
export class StackDirectory implements AsyncDisposable {
  readonly path: string;
  readonly stackFile: string;
  readonly #environmentFile: string;
  readonly #lockFile: string;
  #withdrawn = false;

  private constructor(path: string) {
    this.path = path;
    this.stackFile = stackFileIn(path);
    this.#environmentFile = join(path, "env");
    this.#lockFile = lockFileIn(path);
  }

  /** Throws AlreadyRunningError, StateDirectoryError. */
  static async claim(path: string): Promise<StackDirectory> {
    try {
      await mkdir(path, { recursive: true });
      await access(path, constants.W_OK);
    } catch (cause) {
      throw new StateDirectoryError(
        `${path} cannot be written (${errorCode(cause)}); name another directory with --state`,
        { cause },
      );
    }
    const directory = new StackDirectory(path);
    while (!(await createLock(directory.#lockFile, String(process.pid)))) {
      const owner = await ownerOf(directory.#lockFile);
      if (await isStack(Number(owner))) {
        throw new AlreadyRunningError(
          `another npm start (process ${owner}) runs from this directory; stop it first, or name another directory with --state`,
        );
      }
      await removeLock(directory.#lockFile, owner);
    }
    process.once("exit", directory.#removeFiles);
    await directory.#removeReady();
    return directory;
  }

  /**
   * Writes stack.json and `env`; does nothing after `withdraw`. Each file is replaced as a whole,
   * so another process never reads half of it.
   */
  async write(stack: StackFile, environment: string): Promise<void> {
    if (this.#withdrawn) return;
    await replaceFile(this.#environmentFile, environment);
    await replaceFile(this.stackFile, `${JSON.stringify(stack, null, 2)}\n`);
  }

  /** Removes the files that `write` wrote, for good: the stack is no longer ready. */
  async withdraw(): Promise<void> {
    this.#withdrawn = true;
    await this.#removeReady();
  }

  async #removeReady(): Promise<void> {
    await rm(this.stackFile, { force: true });
    await rm(this.#environmentFile, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.withdraw();
    await rm(this.#lockFile, { force: true });
    process.removeListener("exit", this.#removeFiles);
  }

  /** Removes the files on the process's exit, when nothing asynchronous can run any more. */
  readonly #removeFiles = (): void => {
    for (const path of [this.stackFile, this.#environmentFile, this.#lockFile]) {
      rmSync(path, { force: true });
    }
  };
}

async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, path);
}

/** The path of stack.json in a state directory. */
export function stackFileIn(path: string): string {
  return join(path, "stack.json");
}

/**
 * The path of the lock file in a state directory; it contains the process id of its `npm start`.
 */
export function lockFileIn(path: string): string {
  return join(path, "stack.lock");
}
