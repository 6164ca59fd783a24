import * as z from "zod";
import type { FaultRule } from "./faults.ts";
import type { LocalClock } from "../time/clock.ts";
import type { AwsRequest, AwsResponse, ServiceName } from "./aws-service.ts";
import type { Watched } from "./perform.ts";

const services = ["sqs", "dynamodb", "secretsManager", "s3"] as const satisfies ServiceName[];

const faultRule = z.strictObject({
  service: z.enum(services).optional(),
  action: z.string().optional(),
  resource: z.string().optional(),
  effect: z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("error"),
      code: z.string(),
      status: z.int().min(400).max(599).optional(),
      message: z.string().optional(),
    }),
    z.strictObject({ kind: z.enum(["delay", "late", "lasts"]), ms: z.number().nonnegative() }),
    z.strictObject({ kind: z.literal("reset"), when: z.enum(["before", "after"]).optional() }),
    z.strictObject({
      kind: z.literal("failedEntries"),
      code: z.string(),
      message: z.string().optional(),
      entries: z.array(z.int().nonnegative()).optional(),
      share: z.number().min(0).max(1).optional(),
    }),
  ]),
  calls: z.int().positive().optional(),
  probability: z.number().min(0).max(1).optional(),
  seed: z.int().optional(),
});

const clockStep = z.strictObject({ advanceMs: z.number().nonnegative() });

/** The objects that the control endpoint controls. */
export interface Controls extends Watched {
  readonly clock: LocalClock;
}

/**
 * Answers a request to the control endpoint; undefined for a request to the AWS service.
 *
 * - `POST /_faults` with a FaultRule as JSON (`service` defaults to the service of this endpoint)
 *   adds a fault and returns `{ "id" }`.
 * - `GET /_faults` lists the faults, `DELETE /_faults` removes all, `DELETE /_faults/<id>` removes
 *   one.
 * - `GET /_counters` returns the RequestCounts, `DELETE /_counters` resets them.
 * - `POST /_clock` with `{ "advanceMs" }` advances the clock of all services.
 */
export function controlAnswer(
  request: AwsRequest,
  service: ServiceName,
  { faults, counter, clock }: Controls,
): AwsResponse | undefined {
  if (!request.url.startsWith("/_")) return undefined;
  const [, control, id] = request.url.split("?")[0]?.split("/") ?? [];
  const route = `${request.method} ${control}`;
  switch (route) {
    case "POST _clock": {
      const step = clockStep.safeParse(parseJson(request.body));
      if (!step.success) return json(400, { problems: step.error.issues });
      clock.advance(step.data.advanceMs);
      return json(200, { nowMs: clock.now() });
    }
    case "POST _faults": {
      const rule = faultRule.safeParse(parseJson(request.body));
      if (!rule.success) return json(400, { problems: rule.error.issues });
      return json(201, { id: faults.add({ service, ...rule.data } as FaultRule).id });
    }
    case "GET _faults":
      return json(
        200,
        faults.list().map((fault) => ({ id: fault.id, strikes: fault.strikes, ...fault.rule })),
      );
    case "DELETE _faults":
      if (id === undefined) faults.clear();
      else faults.remove(Number(id));
      return json(200, {});
    case "GET _counters":
      return json(200, { service, ...counter.counts() });
    case "DELETE _counters":
      counter.reset();
      return json(200, {});
    default:
      return undefined;
  }
}

/** Parses a body; undefined when it is not JSON. */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function json(status: number, value: unknown): AwsResponse {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
  };
}
