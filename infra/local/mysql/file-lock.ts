import { spawn } from "node:child_process";
import { once } from "node:events";

// `cat` ends when our end of its standard input closes, and the kernel's lock goes with it, however
// we die.
const HOLDER = `
exec 9>"$1" || exit
flock --nonblock 9 || { echo busy; flock 9 || exit; }
echo locked
cat >/dev/null
`;

/**
 * Does some work while holding an exclusive lock on a file, which is made when missing; returns
 * what the work returns. The lock ends with the work, and with this process. Throws when the file
 * cannot be locked.
 *
 * @param whenBusy called when somebody else holds the lock and this call has to wait
 */
export async function withFileLock<Result>(
  path: string,
  whenBusy: () => void,
  work: () => Promise<Result>,
): Promise<Result> {
  // A session of its own: Ctrl-C must not release the lock while we are still tidying up.
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
