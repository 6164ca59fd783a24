import type { AwsError } from "./aws-service.ts";

/**
 * What a fault does to a call:
 *
 * - `error`: the call has no effect and returns that code (`status` defaults to the one that AWS
 *   sends with the code).
 * - `delay`: the call is performed after `ms` milliseconds, unless its client closes the connection
 *   before.
 * - `late`: the call is performed after `ms` milliseconds, even if its client has closed the
 *   connection.
 * - `lasts`: the call is performed at once, and answered when `ms` milliseconds have passed since
 *   its request began to arrive, or at once if they have.
 * - `reset`: the connection is reset before the call takes effect or (`after`) before its answer is
 *   sent.
 * - `failedEntries`: entries of one of SQS's batch actions are not performed and are listed in the
 *   answer's `Failed`: those with the indexes `entries` (from 0; left out: all), and of these a
 *   random `share` (0 to 1; left out: all).
 */
export type FaultEffect =
  | ErrorEffect
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "late"; readonly ms: number }
  | { readonly kind: "lasts"; readonly ms: number }
  | { readonly kind: "reset"; readonly when?: "before" | "after" }
  | FailedEntriesEffect;

export interface ErrorEffect {
  readonly kind: "error";
  readonly code: string;
  readonly status?: number;
  readonly message?: string;
}

export interface FailedEntriesEffect {
  readonly kind: "failedEntries";
  readonly code: string;
  readonly message?: string;
  readonly entries?: readonly number[];
  readonly share?: number;
}

/** The error that a fault returns. */
export function faultError(effect: ErrorEffect | FailedEntriesEffect): AwsError {
  const { code, message = "an injected fault" } = effect;
  const status = effect.kind === "error" ? effect.status : undefined;
  return { code, status: status ?? statusOfErrorCode(code), message };
}

/** The HTTP status that AWS sends with an error code. */
function statusOfErrorCode(code: string): number {
  if (/AccessDenied|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch/.test(code))
    return 403;
  if (code.startsWith("Internal")) return 500;
  if (code === "ServiceUnavailable" || code === "SlowDown") return 503;
  if (code.startsWith("NoSuch")) return 404;
  return 400;
}
