import type { ErrorContext } from "./events.ts";

/** What happens to errors when an application gives no `onError`: one line each on standard error. */
export function printError(error: unknown, context: ErrorContext): void {
  const where = [context.subscriber, context.environment, context.message?.group]
    .filter((part) => part !== undefined)
    .join("/");
  const attempt = context.message && `, attempt ${context.message.receiveCount}`;
  console.error(
    `binlog-router ${where}: ${context.activity} failed${attempt ?? ""}: ${String(error)}`,
  );
}
