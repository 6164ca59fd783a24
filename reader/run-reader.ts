import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { AttemptFailures } from "./attempt-failures.ts";
import { followSource, type FollowOptions } from "./follow-source.ts";
import { LeaseKeeper } from "./offsets/lease-keeper.ts";
import { LeaseLostError, OperatorError, StillStoppedError } from "./reporting/errors.ts";
import { describeError } from "./reporting/log.ts";
import { pauseAfter, retry } from "./reporting/retry.ts";

const RETRIES = { firstWaitMs: 200, longestWaitMs: 5000 };

/**
 * Reads the source until the signal is aborted: waits for the lease and follows the binlog. Tries
 * again after errors that can pass or that a person can resolve; rejects with any other error.
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
      // Readers that wait for a person take turns. Only a source that was read changes hands.
      if (!lease.isAfterStop) options.status.counters.leasesTaken++;
      await followUntilStopped({ ...options, lease }, signal);
    } catch (error) {
      // Errors during shutdown are ignored.
      if (signal.aborted) break;
      if (error instanceof LeaseLostError) {
        options.log.warn(
          { error: describeError(error) },
          "the lease is lost; waiting as a standby",
        );
      } else {
        await waitForPerson(error, options, signal);
      }
    }
  }
  options.status.enter("stopped");
}

/**
 * After an error that a person must act on: waits before the next attempt. Meanwhile a standby can
 * take over. Ending the process would not help: a new one would find the same error, and containers
 * that keep exiting prevent a deployment from completing. Rejects with any other error, and when
 * BLOCKED_SECONDS is 0.
 */
async function waitForPerson(
  stop: unknown,
  { settings: { blockedMs }, status, log }: Omit<FollowOptions, "lease">,
  signal: AbortSignal,
): Promise<void> {
  if (!(stop instanceof OperatorError) || blockedMs === null) throw stop;
  status.enter("blocked");
  log.error(
    { error: describeError(stop), waitMs: blockedMs },
    "the reader cannot continue until an operator acts",
  );
  await delay(blockedMs, undefined, { signal }).catch(() => undefined); // an abort ends the wait
}

/** Waits for the lease. Errors of DynamoDB are retried without a limit. */
async function acquire(
  { settings, store, status, log }: Omit<FollowOptions, "lease">,
  owner: string,
  signal: AbortSignal,
): Promise<LeaseKeeper> {
  return retry({ ...RETRIES, log, message: "the offsets table cannot be reached", signal }, () =>
    LeaseKeeper.acquire({
      store,
      owner,
      leaseMs: settings.leaseMs,
      signal,
      onStandby: (holder) => {
        status.enter("standby");
        log.info({ holder }, "another reader holds this source; waiting as its standby");
      },
    }),
  );
}

async function followUntilStopped(options: FollowOptions, signal: AbortSignal): Promise<void> {
  const { settings, status, log } = options;
  const failures = new AttemptFailures(settings.replicaServerId);
  while (!signal.aborted) {
    const startedMs = performance.now();
    try {
      // A reader whose lease ran out must not connect: it has the server id of the new holder,
      // whose dump the server would end.
      options.lease.assertHeld();
      await followSource(options, signal);
    } catch (error) {
      if (error instanceof LeaseLostError || signal.aborted) throw error;
      const lastedMs = performance.now() - startedMs;
      let failed: number;
      try {
        failed = failures.add(error, status.state === "streaming", lastedMs);
      } catch (final) {
        await recordStop(options, final);
        throw final;
      }
      status.counters.reconnects++;
      status.enter("connecting");
      await pauseAfter(error, failed, {
        ...RETRIES,
        log,
        message: "the source is interrupted",
        signal,
      });
    }
  }
}

/**
 * Writes the reason for the stop to the offsets table. If that fails, the next attempt finds the
 * same error again.
 */
async function recordStop({ lease, log, status }: FollowOptions, final: unknown): Promise<void> {
  status.isStoppedByError = true;
  if (!(final instanceof OperatorError) || final instanceof StillStoppedError) return;
  const { name: error, message, isKept } = final;
  try {
    await lease.stop({ error, message, isKept, sinceMs: Date.now() });
  } catch (failure) {
    log.warn({ error: describeError(failure) }, "the reason for the stop could not be saved");
  }
}
