import { randomUUID } from "node:crypto";
import { constants, existsSync, rmSync } from "node:fs";
import { access, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isAlive, type StackFile } from "../../operator/shared/stack-file.ts";
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
    while (!(await createWith(directory.#lockFile, String(process.pid)))) {
      const owner = Number(await readFile(directory.#lockFile, "utf8").catch(() => ""));
      if (await isStack(owner)) {
        throw new AlreadyRunningError(
          `another npm start (process ${owner}) runs from this directory; stop it first, or name another directory with --state`,
        );
      }
      await rm(directory.#lockFile, { force: true });
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

/** Creates a file and returns true; returns false when it exists. */
async function createWith(path: string, text: string): Promise<boolean> {
  try {
    await using file = await open(path, "wx");
    await file.writeFile(text);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/**
 * Whether the id belongs to a live `npm start`; the system may have reused it for another program.
 */
async function isStack(pid: number): Promise<boolean> {
  if (pid === process.pid || !isAlive(pid)) return false;
  if (!existsSync("/proc/self/cmdline")) return true;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return commandLine.includes(MAIN_PROGRAM);
}

const MAIN_PROGRAM = join("infra", "local", "main.ts");
