import { setTimeout as delay } from "node:timers/promises";
import type { AwsCall, AwsRequest, AwsResponse, AwsService, CallContext } from "./aws-service.ts";
import type { RequestCounter } from "./counters.ts";
import { faultError } from "./fault-effects.ts";
import type { Faults } from "./faults.ts";

/** The faults that strike a service's requests, and the counter that counts them. */
export interface Watched {
  readonly faults: Faults;
  readonly counter: RequestCounter;
}

/**
 * Counts a request and performs it with the effects of faults. "reset": a fault resets the
 * connection in place of an answer. Rejects when `gone` aborts during a `delay`.
 */
export async function perform(
  service: AwsService,
  { faults, counter }: Watched,
  request: AwsRequest,
  gone: AbortSignal,
): Promise<AwsResponse | "reset"> {
  const call = service.open(request);
  counter.add(call.action, call.resource);
  const { effects, failedEntry } = faults.strike(service.name, call.action, call.resource);
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
