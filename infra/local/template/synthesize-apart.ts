import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { DeployableConfiguration } from "../../../config/configuration.ts";
import type { SynthesizedStack } from "./synthesize.ts";

/**
 * What `synthesize` returns, made in a thread of its own. Its memory, most of it the CDK's, ends
 * with it; in this process it would remain, and every garbage collection would go through it.
 */
export async function synthesizeApart(config: DeployableConfiguration): Promise<SynthesizedStack> {
  const worker = new Worker(new URL("synthesis-thread.ts", import.meta.url), {
    workerData: config,
  });
  try {
    const [synthesized] = (await once(worker, "message")) as [SynthesizedStack];
    return synthesized;
  } finally {
    await worker.terminate();
  }
}
