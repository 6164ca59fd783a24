import { setTimeout as delay } from "node:timers/promises";
import type { Author } from "../wire/session.ts";
import { XA_PAYLOAD_PREFIX } from "../wire/payloads.ts";
import { describeError, type Log } from "./reporting/log.ts";
import type { HeldChanges } from "./transactions/held-changes.ts";
import { keptKey } from "./transactions/kept-xa.ts";
import type { PreparedXa } from "./transactions/prepared-xa.ts";
import type { Transaction } from "./transactions/transaction.ts";
import type { XaTransactions } from "./transactions/xa-transactions.ts";
import { xidText } from "./transactions/xid-text.ts";

export interface XaKeeperOptions {
  readonly xa: Pick<XaTransactions, "unkept" | "kept" | "keep">;
  /** How long a transaction stays prepared before its changes are kept, milliseconds. */
  readonly afterMs: number;
  readonly authorsOf: (
    transactions: readonly Transaction[],
  ) => Promise<readonly (Author | undefined)[]>;
  readonly write: (key: string, held: HeldChanges) => Promise<void>;
  readonly log: Log;
}

/**
 * The reader's item has about 400 bytes for each kept transaction, and a DynamoDB item is limited
 * to 400 KB. Further prepared transactions hold the position back.
 */
const MOST_KEPT = 500;
/** How long to wait after an S3 error. */
const PAUSE_MS = 5000;

/**
 * Writes the changes of XA transactions that stay prepared to the payload bucket. The offset then
 * names these transactions with their authors, and the reader need not read them again. So a
 * forgotten transaction does not hold the position back until its log is purged.
 */
export class XaKeeper {
  readonly #options: XaKeeperOptions;
  /** When each prepared transaction was first seen, by `performance.now()`. */
  readonly #seenMs = new WeakMap<PreparedXa, number>();

  constructor(options: XaKeeperOptions) {
    this.#options = options;
  }

  /**
   * Keeps the transactions that have been prepared for `afterMs`, in the order of their XA PREPARE.
   * So every kept transaction lies before the position at which the offset is held back. An S3
   * error is logged and not thrown.
   */
  async look(nowMs = performance.now()): Promise<void> {
    const { xa, afterMs, log } = this.#options;
    const unkept = [...xa.unkept()];
    for (const prepared of unkept)
      if (!this.#seenMs.has(prepared)) this.#seenMs.set(prepared, nowMs);
    for (const prepared of unkept) {
      const seenMs = this.#seenMs.get(prepared) ?? nowMs;
      if (nowMs - seenMs < afterMs || xa.kept.length >= MOST_KEPT) return;
      try {
        await this.#keep(prepared);
      } catch (error) {
        log.warn(
          { error: describeError(error), xid: xidText(prepared.held.xid) },
          "the changes of a prepared XA transaction could not be kept; the offset waits for it",
        );
        return delay(PAUSE_MS);
      }
    }
  }

  async #keep(prepared: PreparedXa): Promise<void> {
    const { xa, authorsOf, write } = this.#options;
    const { transaction, held } = prepared;
    const key = keptKey(XA_PAYLOAD_PREFIX, prepared);
    const [[author]] = await Promise.all([authorsOf([transaction]), write(key, held)]);
    xa.keep(prepared, {
      xid: held.xid,
      transaction: author === undefined ? transaction : { ...transaction, author },
      key,
    });
  }
}
