import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A program that ends no later than this process, even if this process is killed. */
export interface SupervisedProcess {
  readonly pid: number;
  readonly running: boolean;
  /** Settles when the program has ended, with its exit status (128 + n for signal n). */
  readonly ended: Promise<number>;
  /** The latest lines of its standard error, oldest first. */
  readonly lastLines: readonly string[];
  /** Does nothing when the program has ended. */
  signal(name: NodeJS.Signals): void;
}

export interface SupervisedProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly workingDirectory: string;
  /** Added to this process's environment variables. */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * A directory that was made for this program. It is removed when this process dies without
   * removing it; null: there is none.
   */
  readonly disposableDirectory: string | null;
  /** Called with every line of the program's standard error. */
  readonly onLine: (line: string) => void;
}

// Only this process has the other end of descriptor 3. When it dies, even by SIGKILL, `read` ends
// and the watcher kills the program with SIGKILL, which neither a suspension nor a shutdown in
// progress delays. The watcher then exits with status 0; it does not when the script kills it
// because the program ended by itself. The shell closes its own output first: otherwise a message
// like "Killed", written after this process's death, would end the shell by SIGPIPE before it has
// removed the directory.
const SUPERVISOR = `
directory=$1; shift
"$@" 3<&- >&2 &
program=$!
echo $program
exec >/dev/null 2>&1
(read -r _ <&3; trap '' TERM; kill -KILL $program) &
watcher=$!
wait $program
status=$?
kill $watcher
if wait $watcher && [ -n "$directory" ]; then rm -rf "$directory"; fi
exit $status
`;

const KEPT_LINES = 40;

/**
 * Starts a program in its own session, so that Ctrl-C reaches this process only, under a shell that
 * kills the program when this process has died. Throws when the shell cannot be started.
 */
export async function startSupervised(
  options: SupervisedProcessOptions,
): Promise<SupervisedProcess> {
  const shell = spawn(
    "/bin/sh",
    ["-c", SUPERVISOR, "sh", options.disposableDirectory ?? "", options.command, ...options.args],
    {
      cwd: options.workingDirectory,
      env: { ...process.env, ...options.environment },
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    },
  );
  const { stdout, stderr } = shell;
  if (stdout === null || stderr === null) throw new TypeError("both are pipes");
  const lastLines: string[] = [];
  createInterface({ input: stderr }).on("line", (line) => {
    lastLines.push(line);
    if (lastLines.length > KEPT_LINES) lastLines.shift();
    options.onLine(line);
  });
  let running = true;
  // "close" follows the last line; "exit" may precede it.
  const ended = once(shell, "close").then(([status]: (number | null)[]) => {
    running = false;
    return status ?? 1;
  });
  const [pid] = (await once(createInterface({ input: stdout }), "line")) as [string];
  return {
    pid: Number(pid),
    get running() {
      return running;
    },
    ended,
    lastLines,
    signal(name) {
      if (running) process.kill(Number(pid), name);
    },
  };
}
