import type { ErrorContext, OnlyRepeatsInfo } from "./events.ts";

/** The default `onError`: prints one line for each error to standard error. */
export function printError(error: unknown, context: ErrorContext): void {
  const where = [context.subscriber, context.environment, context.message?.group]
    .filter((part) => part !== undefined)
    .join("/");
  const attempt = context.message && `, attempt ${context.message.receiveCount}`;
  console.error(
    `binlog-router ${where}: ${context.activity} failed${attempt ?? ""}: ${String(error)}`,
  );
}

/** The default `onOnlyRepeats`: prints a line to standard error. */
export function printOnlyRepeats(info: OnlyRepeatsInfo): void {
  const { subscriber, environment, repeats, durationMs, latest } = info;
  console.error(
    `binlog-router ${subscriber}/${environment}: for ${Math.round(durationMs / 1000)} s no message was handled, and ` +
      `${repeats} were deleted as repeats, because the position store says that they had been handled before. ` +
      `The latest: message ${latest.messageId} of the group ${latest.group}, received ${latest.receiveCount} times. ` +
      "Received once: someone sends it again; look at the router's metric FramesRepeated and for a redrive of the " +
      "dead-letter queue. Received several times: its deletion fails; look at the errors of the activity `delete`.",
  );
}
