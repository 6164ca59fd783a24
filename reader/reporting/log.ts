import { destination, pino } from "pino";

/** Structured log lines. They never contain row data or secrets. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A log of JSON lines on standard error. */
export function createLog(level: "debug" | "info" | "warn" | "error", source: string): Log {
  return pino(
    {
      level,
      base: { part: "reader", source },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination(2),
  );
}

/**
 * An error for the log: the name, message and code of it and its causes, without other properties
 * of the driver.
 */
export function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { name: "unknown" };
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    message: error.message,
    ...(code !== undefined && { code }),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}
