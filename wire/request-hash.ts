import { createHash, createHmac, createSecretKey, type Hash, type Hmac } from "node:crypto";

type Source = string | ArrayBuffer | ArrayBufferView;

/**
 * SHA-256, or its HMAC with a secret, for the SDK's signer: a client's setting `sha256`. The SDK's
 * own class copies each hash before it reads it, and gives Node keys as bytes, with which an HMAC
 * takes five times as long as with a key object.
 */
export class RequestHash {
  readonly #hash: Hash | Hmac;

  constructor(secret?: Source) {
    if (secret === undefined) this.#hash = createHash("sha256");
    else this.#hash = createHmac("sha256", typeof secret === "string" ? secret : keyOf(secret));
  }

  update(data: Source): void {
    this.#hash.update(typeof data === "string" ? data : bytesOf(data));
  }

  /** The hash of all data; to be called once. */
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}

function keyOf(secret: ArrayBuffer | ArrayBufferView) {
  return createSecretKey(bytesOf(secret));
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
