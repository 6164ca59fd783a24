import { exitText, type Exit } from "../process/child-process.ts";

/** An invocation without a result. As in Lambda, what the function did before is unknown. */
export class InvocationError extends Error {
  override readonly name: string = "InvocationError";
}

/** The handler threw. */
export class FunctionFailedError extends InvocationError {
  override readonly name = "FunctionFailedError";

  constructor(functionName: string, type: string, text: string) {
    super(`${functionName} failed: ${type}: ${text}`);
  }
}

/**
 * The function's process was killed because the invocation took longer than the function's timeout.
 */
export class FunctionTimedOutError extends InvocationError {
  override readonly name = "FunctionTimedOutError";

  constructor(functionName: string, timeoutMs: number) {
    super(`${functionName} did not finish within ${timeoutMs / 1000} s`);
  }
}

/** The function's process ended in the middle of the invocation, or while it was starting. */
export class FunctionExitedError extends InvocationError {
  override readonly name = "FunctionExitedError";

  constructor(functionName: string, exit: Exit) {
    super(`the process of ${functionName} ended: ${exitText(exit)}`);
  }
}

/** There were more invocations at the same time than the function's concurrency allows. */
export class FunctionThrottledError extends InvocationError {
  override readonly name = "FunctionThrottledError";

  constructor(functionName: string, concurrency: number) {
    super(`${functionName} is already running ${concurrency} invocation(s), which is its limit`);
  }
}
