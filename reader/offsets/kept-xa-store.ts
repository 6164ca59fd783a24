import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { KeptXaLostError } from "../reporting/errors.ts";
import { restorePreparedXa } from "../transactions/kept-xa.ts";
import type { KeptXa } from "../transactions/transaction.ts";
import type { PreparedXa } from "../transactions/prepared-xa.ts";
import { xidText } from "../transactions/xid-text.ts";

/** The objects with the changes of prepared XA transactions, in the payload bucket. */
export class KeptXaStore {
  readonly #s3: S3Client;
  readonly #bucket: string;

  constructor(s3: S3Client, bucket: string) {
    this.#s3 = s3;
    this.#bucket = bucket;
  }

  async write(key: string, object: Uint8Array): Promise<void> {
    await this.#s3.send(new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: object }));
  }

  /**
   * Restores the prepared transactions that an offset names. Throws KeptXaLostError when an object
   * is missing.
   */
  async restore(kept: readonly KeptXa[]): Promise<readonly PreparedXa[]> {
    const prepared: PreparedXa[] = [];
    for (const each of kept) prepared.push(await restorePreparedXa(each, await this.#read(each)));
    return prepared;
  }

  async #read({ key, xid, transaction: { gtid } }: KeptXa): Promise<Uint8Array> {
    try {
      const { Body } = await this.#s3.send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: key }),
      );
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      if (error instanceof NoSuchKey)
        throw new KeptXaLostError(xidText(xid), gtid, `s3://${this.#bucket}/${key}`);
      throw error;
    }
  }
}
