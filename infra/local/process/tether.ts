/**
 * Loaded with `--import` into every Node process that `npm start` starts: ties its life to its
 * parent's. When the parent goes away, even by SIGKILL, the channel between the two closes and the
 * process stops as if it had been sent SIGTERM. So the reader and the functions need not know that
 * somebody runs them on a developer's machine.
 */
const STOP_WITHIN_MS = 5_000;

process.once("disconnect", () => {
  setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
  if (process.listenerCount("SIGTERM") === 0) process.exit(1);
  process.kill(process.pid, "SIGTERM");
});
process.channel?.unref();
