import type { FunctionUsage } from "../lambda/local-function.ts";

/** The observable state of the running reader and functions. */
export interface WatchedRouter {
  /** Process ids by part; without the parts that have no process at the moment. */
  pids(): Record<string, number>;
  /** The address of the reader's health check, which reports its state. */
  readonly readerHealthUrl: string;
  /** Returns the functions' invocations since the last call. */
  takeUsage(): Readonly<Record<"route" | "retry", FunctionUsage>>;
}
