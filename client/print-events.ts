import type { ErrorContext, OnlyRepeatsInfo } from "./events.ts";

/**
 * The default `onError`: prints a line to standard error, and for an error of the handling where it
 * was thrown.
 */
export function printError(error: unknown, context: ErrorContext): void {
  const where = [context.subscriber, context.environment, context.message?.group]
    .filter((part) => part !== undefined)
    .join("/");
  const attempt = context.message && `, attempt ${context.message.receiveCount}`;
  console.error(
    `binlog-router ${where}: ${context.activity} failed${attempt ?? ""}: ${described(error, context)}`,
  );
}

function described(error: unknown, { activity }: ErrorContext): string {
  let text = "what was thrown cannot be converted to text";
  try {
    text = String(error);
    if (activity !== "handle" || !(error instanceof Error)) return text;
    // With an Error.prepareStackTrace of the application, a stack can be anything.
    return [text, ...(String(error.stack).match(/^ +at .+$/gm) ?? [])].join("\n");
  } catch {
    return text;
  }
}

/** The default `onOnlyRepeats`: prints a line to standard error. */
export function printOnlyRepeats(info: OnlyRepeatsInfo): void {
  const { subscriber, environment, repeats, durationMs, latest } = info;
  console.error(
    `binlog-router ${subscriber}/${environment}: no message was handled for ${Math.round(durationMs / 1000)} s, and ` +
      `${repeats} were deleted as repeats, because the position store records their changes as handled. ` +
      `The latest is message ${latest.messageId} of the group ${latest.group}, received ${latest.receiveCount} times. ` +
      "If a message was received once, it is sent repeatedly: check the router's metric FramesRepeated, and whether the " +
      "dead-letter queue is being redriven. If it was received several times, its deletion fails: check the errors of the activity `delete`.",
  );
}
