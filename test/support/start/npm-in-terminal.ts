import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const REPOSITORY = join(import.meta.dirname, "../../..");

// Runs a program in a pseudo-terminal, with this script's standard input as the keyboard. Exits
// with the program's exit code.
const PSEUDO_TERMINAL = `
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])) % 256)
`;

/** A running `npm start`, used as a person would. */
export interface NpmStart {
  readonly pid: number;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
  pressCtrlC(): void;
  /** Sends a signal to the whole process group, as a supervisor does. */
  signalGroup(name: NodeJS.Signals): void;
}

/** Runs `npm start` in its own terminal and process group. Needs Python. */
export function npmStartInTerminal(options: readonly string[]): NpmStart {
  return started("python3", ["-c", PSEUDO_TERMINAL, "npm", "start", "--", ...options]);
}

/** Runs `npm start` in its own process group, without a terminal. */
export function npmStartInGroup(options: readonly string[]): NpmStart {
  return started("npm", ["start", "--", ...options]);
}

function started(command: string, args: readonly string[]): NpmStart {
  const child = spawn(command, args, {
    cwd: REPOSITORY,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const { pid = 0 } = child;
  const ended = Promise.all([once(child, "close"), text(child.stdout), text(child.stderr)]).then(
    ([[code], output, errors]) => ({ code: code as number | null, output: output + errors }),
  );
  return {
    pid,
    ended,
    pressCtrlC: () => void child.stdin.write("\u0003"),
    signalGroup: (name) => void process.kill(-pid, name),
  };
}
