import { randomUUID } from "node:crypto";
import { constants, existsSync, rmSync } from "node:fs";
import { access, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isAlive, type StackFile } from "../../operator/shared/stack-file.ts";
import { AlreadyRunningError, StateDirectoryError } from "./request/refusal.ts";

/**
 * The right to run a stack from one directory. Taking it makes sure that no other live `npm start`
 * has it; what a dead one left behind is removed. Disposing gives it up and removes stack.json and
 * `env`; so does the end of this process, unless it is killed.
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
        `${path} cannot be written (${errorCode(cause)}); add --state DIRECTORY with one that can`,
        { cause },
      );
    }
    const directory = new StackDirectory(path);
    while (!(await createWith(directory.#lockFile, String(process.pid)))) {
      const owner = Number(await readFile(directory.#lockFile, "utf8").catch(() => ""));
      if (await isStack(owner)) {
        throw new AlreadyRunningError(
          `another npm start (process ${owner}) runs from this directory; stop it first, or add --state DIRECTORY`,
        );
      }
      await rm(directory.#lockFile, { force: true });
    }
    process.once("exit", directory.#removeFiles);
    await directory.#removeReady();
    return directory;
  }

  /**
   * Writes stack.json, and `env` beside it, until they are withdrawn; a reader of them never sees
   * half a file.
   */
  async write(stack: StackFile, environment: string): Promise<void> {
    if (this.#withdrawn) return;
    await replaceFile(this.#environmentFile, environment);
    await replaceFile(this.stackFile, `${JSON.stringify(stack, null, 2)}\n`);
  }

  /** Removes what `write` wrote for good: the stack is not ready any more. */
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

  /** For a process that ends before it is disposed; nothing asynchronous happens any more then. */
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

/** Where a state directory has its stack.json. */
export function stackFileIn(path: string): string {
  return join(path, "stack.json");
}

/** Where a state directory says which process runs from it. */
export function lockFileIn(path: string): string {
  return join(path, "stack.lock");
}

/** Writes a file that does not exist yet; false when it does. */
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

/** Whether a process id is that of a live `npm start`; ids are given to other programs again. */
async function isStack(pid: number): Promise<boolean> {
  if (pid === process.pid || !isAlive(pid)) return false;
  if (!existsSync("/proc/self/cmdline")) return true;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return commandLine.includes(MAIN_PROGRAM);
}

const MAIN_PROGRAM = join("infra", "local", "main.ts");
