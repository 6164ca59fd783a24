import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "../wire/backoff.ts";
import { LeaseLostError } from "./reporting/errors.ts";
import { followSource, type FollowOptions } from "./follow-source.ts";
import { describeError } from "./reporting/log.ts";
import { LeaseKeeper } from "./offsets/lease-keeper.ts";
import { judgeSourceError } from "./source/mysql-errors.ts";

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5000;
/** So many doubtful errors in a row are final, */
const DOUBTS = 3;
/** unless the attempts between them lasted this long. */
const UNDISTURBED_MS = 60_000;

/**
 * Reads the source until the signal is aborted: waits for the lease, follows the binlog, and begins anew after whatever can
 * pass. Rejects with what cannot.
 */
export async function runReader(
  options: Omit<FollowOptions, "lease">,
  signal: AbortSignal,
): Promise<void> {
  const owner = `${hostname()}/${process.pid}/${randomUUID()}`;
  options.log.info({ owner }, "ready");
  while (!signal.aborted) {
    try {
      await using lease = await acquire(options, owner, signal);
      options.status.counters.leasesTaken++;
      await followUntilStopped({ ...options, lease }, signal);
    } catch (error) {
      // What broke while it was told to end is of no interest any more.
      if (signal.aborted) break;
      if (!(error instanceof LeaseLostError)) throw error;
      options.log.warn({ error: describeError(error) }, "the lease is lost; waiting as a standby");
    }
  }
  options.status.enter("stopped");
}

/** DynamoDB's trouble passes: the reader waits for as long as it takes. */
async function acquire(
  options: Omit<FollowOptions, "lease">,
  owner: string,
  signal: AbortSignal,
): Promise<LeaseKeeper> {
  const { settings, store, status, log } = options;
  for (let failures = 0; ; failures++) {
    try {
      return await LeaseKeeper.acquire({
        store,
        owner,
        leaseMs: settings.leaseMs,
        signal,
        onStandby: (holder) => {
          status.enter("standby");
          log.info({ holder }, "another reader holds this source; waiting as its standby");
        },
      });
    } catch (error) {
      signal.throwIfAborted();
      await pause(options, "the offsets table cannot be reached", error, failures, signal);
    }
  }
}

async function followUntilStopped(options: FollowOptions, signal: AbortSignal): Promise<void> {
  let failures = 0;
  let doubts = 0;
  while (!signal.aborted) {
    const startedMs = performance.now();
    try {
      // One that slept through its lease must not even connect: the server would end the new holder's dump for it.
      options.lease.assertHeld();
      await followSource(options, signal);
      return;
    } catch (error) {
      if (error instanceof LeaseLostError || signal.aborted) throw error;
      // An attempt that got as far as the binlog is a success: the next failure is counted from one again.
      if (options.status.state === "streaming") failures = 0;
      if (performance.now() - startedMs > UNDISTURBED_MS) doubts = 0;
      const verdict = isOfAws(error) ? ({ kind: "passing" } as const) : judgeSourceError(error);
      if (verdict.kind === "final") throw verdict.error;
      // Whether the log was purged is found out when the next attempt connects; refused again and again, it is something
      // else: two replicas with one server id end each other's dump by turns.
      if (verdict.kind === "doubtful" && ++doubts >= DOUBTS) {
        throw verdict.final(options.settings.replicaServerId);
      }
      options.status.counters.reconnects++;
      options.status.enter("connecting");
      await pause(options, "the source is interrupted", error, failures++, signal);
    }
  }
}

async function pause(
  { log }: Pick<FollowOptions, "log">,
  what: string,
  error: unknown,
  failures: number,
  signal: AbortSignal,
): Promise<void> {
  const waitMs = Math.round(backoffMs(failures, FIRST_WAIT_MS, LONGEST_WAIT_MS));
  log.warn({ error: describeError(error), failures: failures + 1, waitMs }, what);
  await delay(waitMs, undefined, { signal }).catch(() => undefined);
}

/** What the AWS SDK throws carries `$metadata`, also when the request never reached AWS; but for its search for credentials. */
function isOfAws(error: unknown): boolean {
  return (
    error instanceof Error && ("$metadata" in error || error.name === "CredentialsProviderError")
  );
}
