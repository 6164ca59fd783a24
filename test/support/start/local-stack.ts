import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { StackFile } from "../../../operator/shared/stack-file.ts";
import { exitText, type Exit } from "../../../infra/local/process/child-process.ts";
import { compileCache } from "../../../infra/local/process/compile-cache.ts";

const MAIN = join(import.meta.dirname, "../../../infra/local/main.ts");

/** How an `npm start` ended. */
interface Ending extends Exit {
  readonly output: string;
  readonly errors: string;
}

/** An `npm start` in its own process, with its own state directory. */
export interface StartProcess extends AsyncDisposable {
  readonly pid: number;
  readonly stateDirectory: string;
  readonly ended: Promise<Ending>;
  kill(signal: NodeJS.Signals): void;
  /** What it printed last: while it runs, a line with the state every five seconds. */
  lastLine(): string;
  /** Resolves with stack.json once it is written. Throws when the process ends before. */
  ready(): Promise<StackFile>;
}

/**
 * Runs infra/local/main.ts with these options. Disposing ends it and removes its state directory.
 */
export function startProcess(
  options: readonly string[],
  stateDirectory = mkdtempSync(join(tmpdir(), "npm-start-")),
): StartProcess {
  const child = spawn(process.execPath, [MAIN, "--state", stateDirectory, ...options], {
    env: { ...process.env, ...compileCache() },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (printed += part));
  const ended = Promise.all([once(child, "close"), text(child.stderr)]).then(
    ([[code, signal], errors]): Ending => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      output: printed,
      errors,
    }),
  );
  return {
    pid: child.pid ?? 0,
    stateDirectory,
    ended,
    kill: (signal) => child.kill(signal),
    lastLine: () => printed.trimEnd().split("\n").at(-1) ?? "",
    async ready() {
      const stackFile = join(stateDirectory, "stack.json");
      while (child.exitCode === null && child.signalCode === null) {
        const stack = existsSync(stackFile) ? parse(stackFile) : null;
        if (stack !== null && stack.processes["main"] === child.pid) return stack;
        await delay(50);
      }
      const { output, errors, ...exit } = await ended;
      throw new Error(
        `npm start ended before it was ready (${exitText(exit)}):\n${output}\n${errors}`,
      );
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
      await rm(stateDirectory, { recursive: true, force: true });
    },
  };
}

/** Those of these processes that are still running. */
export function running(pids: Iterable<number>): number[] {
  return [...pids].filter((pid) => {
    try {
      process.kill(pid, 0);
      return !isZombie(pid);
    } catch {
      return false;
    }
  });
}

/** Whether a process has ended and its parent has not yet fetched its exit status. */
function isZombie(pid: number): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

function parse(stackFile: string): StackFile | null {
  try {
    return JSON.parse(readFileSync(stackFile, "utf8")) as StackFile;
  } catch {
    // Removed after it was found.
    return null;
  }
}
