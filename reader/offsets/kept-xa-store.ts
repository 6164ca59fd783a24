import type { PayloadBucket } from "../frames/payload-bucket.ts";
import { KeptXaLostError } from "../reporting/errors.ts";
import type { HeldChanges } from "../transactions/held-changes.ts";
import { encodeHeldChanges, restorePreparedXa } from "../transactions/kept-xa.ts";
import { type KeptXa, gtidOf } from "../transactions/transaction.ts";
import type { PreparedXa } from "../transactions/prepared-xa.ts";
import { xidText } from "../transactions/xid-text.ts";

/** The objects with the changes of prepared XA transactions, in the payload bucket. */
export class KeptXaStore {
  readonly #payloads: PayloadBucket;
  readonly #tables: readonly string[];

  /** `tables`: the patterns of the followed tables. */
  constructor(payloads: PayloadBucket, tables: readonly string[]) {
    this.#payloads = payloads;
    this.#tables = tables;
  }

  async write(key: string, held: HeldChanges): Promise<void> {
    await this.#payloads.put(key, await encodeHeldChanges(held, this.#tables));
  }

  /**
   * Restores the prepared transactions that an offset names. Throws KeptXaLostError when an object
   * is missing.
   */
  async restore(kept: readonly KeptXa[]): Promise<readonly PreparedXa[]> {
    const prepared: PreparedXa[] = [];
    for (const each of kept)
      prepared.push(await restorePreparedXa(each, await this.#read(each), this.#tables));
    return prepared;
  }

  async #read({ key, xid, transaction }: KeptXa): Promise<Uint8Array> {
    const object = await this.#payloads.get(key);
    if (object === null)
      throw new KeptXaLostError(
        xidText(xid),
        gtidOf(transaction),
        `s3://${this.#payloads.name}/${key}`,
      );
    return object;
  }
}
