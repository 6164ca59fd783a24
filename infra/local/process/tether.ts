/**
 * Loaded with `--import` into every Node process that `npm start` starts; it ends the process when
 * the parent dies. When the parent ends, even by SIGKILL, the channel between the two closes, and
 * the process stops as if it had received SIGTERM. So reader and functions need no code for running
 * on a developer's machine.
 */
const STOP_WITHIN_MS = 5_000;

process.once("disconnect", () => {
  setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
  if (process.listenerCount("SIGTERM") === 0) process.exit(1);
  process.kill(process.pid, "SIGTERM");
});
process.channel?.unref();
