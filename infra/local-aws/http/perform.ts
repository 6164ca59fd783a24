import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import type { AwsCall, AwsRequest, AwsResponse, AwsService, CallContext } from "./aws-service.ts";
import type { RequestCounter } from "./counters.ts";
import { faultError } from "./fault-effects.ts";
import type { Faults, Strike } from "./faults.ts";

/** The faults that strike a service's requests, and the counter that counts them. */
export interface Watched {
  readonly faults: Faults;
  readonly counter: RequestCounter;
}

/** Whoever waits for a request's answer. */
export interface Caller {
  /** Aborts when the caller does not wait any more. */
  readonly gone: AbortSignal;
  /** `performance.now()` when the request began to arrive, without its body yet. */
  readonly sinceMs: number;
}

/**
 * Counts a request and performs it with the effects of faults. "reset": a fault resets the
 * connection in place of an answer. Rejects when `gone` aborts during a `delay` or while a call
 * `lasts`.
 */
export async function perform(
  service: AwsService,
  { faults, counter }: Watched,
  request: AwsRequest,
  { gone, sinceMs }: Caller,
): Promise<AwsResponse | "reset"> {
  const call = service.open(request);
  counter.add(call.action, call.resource);
  const strike = faults.strike(service.name, call.action, call.resource);
  const response = await struck(call, strike, gone);
  let lastsMs = 0;
  for (const effect of strike.effects) if (effect.kind === "lasts") lastsMs += effect.ms;
  if (lastsMs > 0) await until(sinceMs + lastsMs, gone);
  return response;
}

async function struck(
  call: AwsCall,
  { effects, failedEntry }: Strike,
  gone: AbortSignal,
): Promise<AwsResponse | "reset"> {
  let signal = gone;
  for (const effect of effects) {
    if (effect.kind === "delay") await delay(effect.ms, undefined, { signal });
    if (effect.kind === "late") {
      await delay(effect.ms, undefined, { ref: false });
      // The call is performed even if the client has closed the connection.
      signal = new AbortController().signal;
    }
    if (effect.kind === "error") return call.refuse(faultError(effect));
    if (effect.kind === "reset" && effect.when !== "after") return "reset";
  }
  const response = await answer(call, { signal, failedEntry });
  return effects.some((effect) => effect.kind === "reset") ? "reset" : response;
}

/** Waits until that time of `performance.now()`. Timers are exact to a millisecond only. */
async function until(dueMs: number, signal: AbortSignal): Promise<void> {
  for (let left = dueMs - performance.now(); left > 0; left = dueMs - performance.now())
    if (left < 1) await nextTurn(undefined, { signal });
    else await delay(left, undefined, { signal });
}

/**
 * The service's answer. A defect of the stand-in becomes an answer too, so that the client's error
 * shows it.
 */
async function answer(call: AwsCall, context: CallContext): Promise<AwsResponse> {
  try {
    return await call.answer(context);
  } catch (error) {
    const message = `the stand-in failed: ${error instanceof Error ? error.message : "the thrown value is not an Error"}`;
    return call.refuse({ code: "InternalFailure", status: 500, message });
  }
}
