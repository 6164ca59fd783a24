import { spawn } from "node:child_process";
import { once } from "node:events";

// `cat` ends when this process closes its end of the standard input, or dies in any way; the kernel
// releases the lock with it.
const HOLDER = `
exec 9>"$1" || exit
flock --nonblock 9 || { echo busy; flock 9 || exit; }
echo locked
cat >/dev/null
`;

/**
 * Runs `work` while holding an exclusive lock on a file, which is created if missing; returns the
 * result of `work`. The lock ends with the work, or with this process. Throws when the file cannot
 * be locked.
 *
 * @param whenBusy called when another process holds the lock and this call has to wait
 */
export async function withFileLock<Result>(
  path: string,
  whenBusy: () => void,
  work: () => Promise<Result>,
): Promise<Result> {
  // In its own session, so that Ctrl-C does not release the lock while this process tidies up.
  const holder = spawn("/bin/sh", ["-c", HOLDER, "sh", path], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  const closed = once(holder, "close");
  try {
    if (!(await locked(holder.stdout, whenBusy))) throw new Error(`${path} cannot be locked`);
    return await work();
  } finally {
    holder.stdin.end();
    await closed;
  }
}

async function locked(answers: NodeJS.ReadableStream, whenBusy: () => void): Promise<boolean> {
  for await (const answer of answers) {
    if (String(answer).includes("busy")) whenBusy();
    if (String(answer).includes("locked")) return true;
  }
  return false;
}
