import { setTimeout as delay } from "node:timers/promises";
import { LeaseLostError } from "../reporting/errors.ts";
import type { Offset } from "./offset.ts";
import type { OffsetStore } from "./offset-store.ts";
import type { Lease, Stop } from "./reader-item.ts";

export interface LeaseOptions {
  readonly store: OffsetStore;
  readonly owner: string;
  /** How long a holder that shows no life keeps the source. */
  readonly leaseMs: number;
  readonly signal: AbortSignal;
  /** Told once when somebody else holds the source and this reader waits as its standby. */
  readonly onStandby?: (owner: string | null) => void;
}

/**
 * Holds the source for this reader. Clocks of two machines need not agree: a standby takes over
 * when it has seen no sign of life for the lease's time by its own clock, and a holder trusts its
 * lease for less than that since it last asked for a renewal, also when its process was stopped in
 * between. (A machine that is suspended stops this clock as well; what such a reader sends on
 * waking is a repeat, which the route function recognises, and its saves are refused.)
 */
export class LeaseKeeper implements AsyncDisposable {
  readonly #store: OffsetStore;
  readonly #fence: number;
  readonly #trustMs: number;
  readonly #lost = Promise.withResolvers<never>();
  readonly #renewals: NodeJS.Timeout;
  #renewing: Promise<void> | null = null;
  #trustedUntilMs: number;

  private constructor(options: LeaseOptions, fence: number, askedMs: number) {
    this.#store = options.store;
    this.#fence = fence;
    this.#trustMs = options.leaseMs * TRUSTED_SHARE;
    this.#trustedUntilMs = askedMs + this.#trustMs;
    this.#lost.promise.catch(() => undefined);
    this.#renewals = setInterval(() => this.#renew(), options.leaseMs / RENEWALS_PER_LEASE);
  }

  /**
   * Waits until the source is free or its holder is dead, and takes it. Rejects with the signal's
   * reason.
   */
  static async acquire(options: LeaseOptions): Promise<LeaseKeeper> {
    const { store, owner, leaseMs, signal } = options;
    let seen: { beat: number; sinceMs: number } | null = null;
    for (;;) {
      signal.throwIfAborted();
      const askedMs = performance.now();
      const { lease } = await store.load(signal);
      const free = lease === null || lease.owner === null || lease.owner === owner;
      if (seen === null || lease === null || seen.beat !== lease.beat) {
        if (!free && seen === null) options.onStandby?.(lease.owner);
        seen = { beat: lease?.beat ?? -1, sinceMs: askedMs };
      }
      if (free || askedMs - seen.sinceMs >= leaseMs) {
        const taken: Lease | undefined = await store.take(lease, owner);
        if (taken !== undefined) return new LeaseKeeper(options, taken.fence, askedMs);
      }
      await delay(leaseMs / LOOKS_PER_LEASE, undefined, { signal });
    }
  }

  /** Rejects with LeaseLostError when the lease is gone; never resolves. */
  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  /**
   * To be called before anything is sent. Throws LeaseLostError when the lease may be somebody
   * else's.
   */
  assertHeld(): void {
    if (performance.now() < this.#trustedUntilMs) return;
    const error = new LeaseLostError("the lease was not renewed in time");
    this.#lost.reject(error);
    throw error;
  }

  /** Saves the offset if the lease still holds. Throws LeaseLostError. */
  async save(offset: Offset): Promise<void> {
    await this.#write(() => this.#store.save(this.#fence, offset));
  }

  /** Records why the reader stops, if the lease still holds. Throws LeaseLostError. */
  async stop(stop: Stop): Promise<void> {
    await this.#write(() => this.#store.stop(this.#fence, stop));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#renewals);
    await this.#renewing;
    if (performance.now() < this.#trustedUntilMs) {
      // When this fails the standby waits for the lease to run out, as it would for a reader that
      // was killed.
      await this.#store.release(this.#fence).catch(() => undefined);
    }
  }

  #renew(): void {
    if (this.#renewing !== null) return;
    this.#renewing = this.#write(() => this.#store.renew(this.#fence))
      .catch(() => undefined) // a lost lease is told by `lost`; other trouble may pass before the trust runs out
      .finally(() => {
        this.#renewing = null;
      });
  }

  async #write(write: () => Promise<void>): Promise<void> {
    this.assertHeld();
    const askedMs = performance.now();
    try {
      await write();
    } catch (error) {
      if (error instanceof LeaseLostError) {
        this.#trustedUntilMs = 0;
        this.#lost.reject(error);
      }
      throw error;
    }
    this.#trustedUntilMs = Math.max(this.#trustedUntilMs, askedMs + this.#trustMs);
  }
}

const TRUSTED_SHARE = 0.8;
const RENEWALS_PER_LEASE = 4;
const LOOKS_PER_LEASE = 10;
