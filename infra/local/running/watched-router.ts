import type { FunctionUsage } from "../lambda/local-function.ts";

/** What can be seen of the running reader and functions. */
export interface WatchedRouter {
  /** Process ids by part. A part without a process just now is absent. */
  pids(): Record<string, number>;
  /** Where the reader says what it is doing. */
  readonly readerHealthUrl: string;
  /** Invocations of the functions since the last call. */
  takeUsage(): Readonly<Record<"route" | "retry", FunctionUsage>>;
}
