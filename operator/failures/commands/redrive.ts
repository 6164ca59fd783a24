import { redrive } from "../redrive.ts";
import type { CommandContext } from "./context.ts";

/** Brings back what is in the raw queue's dead-letter queue. */
export async function redriveCommand({
  target,
  print,
  json,
  progress,
}: CommandContext): Promise<void> {
  const moved = await redrive(target, (count) => progress(`${count} messages`));
  progress("");
  if (json) return print(JSON.stringify({ moved }, null, 2));
  print(
    moved === 0
      ? "The raw queue's dead-letter queue is empty."
      : `${moved} messages are parked now; the retry function takes them back into their lanes.`,
  );
}
