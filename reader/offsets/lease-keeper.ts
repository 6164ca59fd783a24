import { setTimeout as delay } from "node:timers/promises";
import { LeaseLostError } from "../reporting/errors.ts";
import type { Offset } from "./offset.ts";
import type { OffsetStore } from "./offset-store.ts";
import type { Lease, Stop } from "./reader-item.ts";

export interface LeaseOptions {
  readonly store: OffsetStore;
  readonly owner: string;
  /** How long a holder without a sign of life keeps the source, milliseconds. */
  readonly leaseMs: number;
  readonly signal: AbortSignal;
  /** Called once when another reader holds the source and this one waits as its standby. */
  readonly onStandby?: (owner: string | null) => void;
}

/** See `LeaseKeeper.watch`. */
export interface LeaseWatch extends Disposable {
  readonly lost: Promise<never>;
}

/**
 * Holds the source for this reader. The clocks of two machines need not agree: a standby takes over
 * after it has seen no sign of life for `leaseMs` by its own clock. A holder trusts its lease for a
 * shorter time, counted from the request of its last successful renewal, even if its process was
 * stopped meanwhile. (A suspended machine stops this clock too. What such a reader sends after
 * waking is a repeat, which the route function recognises, and its saves are refused.)
 */
export class LeaseKeeper implements AsyncDisposable {
  /** Whether the last holder stopped for a reason that a person must act on, and read no more. */
  readonly isAfterStop: boolean;
  readonly #store: OffsetStore;
  readonly #fence: number;
  readonly #trustMs: number;
  readonly #losses = new Set<(error: LeaseLostError) => void>();
  readonly #renewals: NodeJS.Timeout;
  #lost: LeaseLostError | null = null;
  #renewing: Promise<void> | null = null;
  #trustedUntilMs: number;

  private constructor(
    options: LeaseOptions,
    { fence, isAfterStop }: { readonly fence: number; readonly isAfterStop: boolean },
    askedMs: number,
  ) {
    this.isAfterStop = isAfterStop;
    this.#store = options.store;
    this.#fence = fence;
    this.#trustMs = options.leaseMs * TRUSTED_SHARE;
    this.#trustedUntilMs = askedMs + this.#trustMs;
    this.#renewals = setInterval(() => this.#renew(), options.leaseMs / RENEWALS_PER_LEASE);
  }

  /**
   * Waits until the source is free or its holder shows no sign of life, and takes the lease.
   * Rejects when the signal is aborted.
   */
  static async acquire(options: LeaseOptions): Promise<LeaseKeeper> {
    const { store, owner, leaseMs, signal } = options;
    let seen: { beat: number; sinceMs: number } | null = null;
    for (;;) {
      signal.throwIfAborted();
      const askedMs = performance.now();
      const { lease, stop } = await store.load(signal);
      const free = lease === null || lease.owner === null || lease.owner === owner;
      if (seen === null || lease === null || seen.beat !== lease.beat) {
        if (!free && seen === null) options.onStandby?.(lease.owner);
        seen = { beat: lease?.beat ?? -1, sinceMs: askedMs };
      }
      if (free || askedMs - seen.sinceMs >= leaseMs) {
        const taken: Lease | undefined = await store.take(lease, owner);
        if (taken !== undefined) {
          return new LeaseKeeper(
            options,
            { fence: taken.fence, isAfterStop: stop !== null },
            askedMs,
          );
        }
      }
      await delay(leaseMs / LOOKS_PER_LEASE, undefined, { signal });
    }
  }

  /**
   * For one attempt: a promise of its own that rejects with LeaseLostError when the lease is lost,
   * and never resolves. Disposing ends the watch. A promise that lasts as long as the lease would
   * keep everything of every former attempt that waited for it.
   */
  watch(): LeaseWatch {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => undefined);
    this.#losses.add(reject);
    if (this.#lost !== null) reject(this.#lost);
    return { lost: promise, [Symbol.dispose]: () => void this.#losses.delete(reject) };
  }

  /**
   * Must be called before anything is sent. Throws LeaseLostError when another reader may hold the
   * lease.
   */
  assertHeld(): void {
    if (performance.now() < this.#trustedUntilMs) return;
    throw this.#loses(new LeaseLostError("the lease was not renewed in time"));
  }

  /** Saves the offset if this reader still holds the lease; else throws LeaseLostError. */
  async save(offset: Offset): Promise<void> {
    await this.#write(() => this.#store.save(this.#fence, offset));
  }

  /**
   * Records the reason for a stop if this reader still holds the lease; else throws LeaseLostError.
   */
  async stop(stop: Stop): Promise<void> {
    await this.#write(() => this.#store.stop(this.#fence, stop));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#renewals);
    await this.#renewing;
    if (performance.now() < this.#trustedUntilMs) {
      // If this fails, the standby waits until the lease runs out, as after a killed reader.
      await this.#store.release(this.#fence).catch(() => undefined);
    }
  }

  /** Tells those who watch; returns the error. */
  #loses(error: LeaseLostError): LeaseLostError {
    this.#lost ??= error;
    for (const tell of this.#losses) tell(error);
    return error;
  }

  #renew(): void {
    if (this.#renewing !== null) return;
    this.#renewing = this.#write(() => this.#store.renew(this.#fence))
      .catch(() => undefined) // watchers are told of a lost lease; other errors may pass
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
        this.#loses(error);
      }
      throw error;
    }
    this.#trustedUntilMs = Math.max(this.#trustedUntilMs, askedMs + this.#trustMs);
  }
}

const TRUSTED_SHARE = 0.8;
const RENEWALS_PER_LEASE = 4;
const LOOKS_PER_LEASE = 10;
