import type { AwsError } from "./aws-service.ts";

/**
 * What a fault does to a call:
 *
 * - `error`: the call does nothing and is answered with that code (`status` default: what AWS sends
 *   with the code).
 * - `delay`: the call is held for `ms` milliseconds, then goes on. A client that goes away
 *   meanwhile has asked for nothing.
 * - `late`: the request is on its way for `ms` milliseconds. Then it is carried out, also when its
 *   client has given it up.
 * - `reset`: the connection is cut, before the call takes effect or (`after`) when only the answer
 *   is left to send.
 * - `failedEntries`: entries of one of SQS's batch actions are not carried out, and named in the
 *   answer's `Failed`: those
 *   at the places `entries` (the first is 0; all when left out), and of these a `share` (0 to 1) by chance.
 */
export type FaultEffect =
  | ErrorEffect
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "late"; readonly ms: number }
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

/** The error that a fault asks for. */
export function faultError(effect: ErrorEffect | FailedEntriesEffect): AwsError {
  const { code, message = "a fault that was asked for" } = effect;
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
