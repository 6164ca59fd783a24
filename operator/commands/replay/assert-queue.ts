import { environmentQueues } from "../../../config/queues.ts";
import { CommandError } from "../../shared/command-error.ts";
import type { TracedSource } from "../../stretch/traced-source.ts";
import type { ReplayOrder } from "./replay-items.ts";

/** Throws CommandError when the configuration has no queue of a replay's subscriber. */
export function assertQueue(
  { name, routing }: Pick<TracedSource, "name" | "routing">,
  { subscriber, environment }: Pick<ReplayOrder, "subscriber" | "environment">,
): void {
  const queues = environmentQueues({ name, ...routing });
  if (queues.some((each) => each.subscriber === subscriber && each.environment === environment))
    return;
  const there = queues.map((each) => `${each.subscriber} in ${each.environment}`);
  throw new CommandError(
    `there is no queue of ${subscriber} in ${environment}; there are ${there.join(", ")}`,
  );
}
