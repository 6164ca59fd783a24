import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { BodyUnavailableError } from "../ground/errors.ts";

/**
 * Encrypts row data in failure records that was not masked yet when the router failed. The records
 * belong to a subscriber that must not see the hidden columns. The algorithm is AES-256-GCM, with a
 * key that is derived from the secret of the filters.
 */
export interface Seal {
  readonly seal: (text: string) => string;
  /**
   * Decrypts a sealed text, and returns any other text unchanged. Throws BodyUnavailableError when
   * the text was sealed with another secret.
   */
  readonly open: (sealed: string) => string;
}

const MARK = "sealed:1:";
const ALGORITHM = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;

export function isSealed(text: string): boolean {
  return text.startsWith(MARK);
}

/** With `secret` null, `seal` returns texts unchanged and `open` rejects sealed texts. */
export function sealWith(secret: string | null): Seal {
  const key =
    secret === null
      ? null
      : Buffer.from(hkdfSync("sha256", secret, "", "binlog-router failure record", 32));
  return {
    seal(text) {
      if (key === null) return text;
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
      const encrypted = Buffer.concat([cipher.update(zstdCompressSync(text)), cipher.final()]);
      return MARK + Buffer.concat([iv, cipher.getAuthTag(), encrypted]).toString("base64");
    },
    open(sealed) {
      if (!isSealed(sealed)) return sealed;
      if (key === null) throw unopened("the stack has no secret of the filters");
      const bytes = Buffer.from(sealed.slice(MARK.length), "base64");
      const [iv, rest] = [bytes.subarray(0, IV_BYTES), bytes.subarray(IV_BYTES)];
      try {
        const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
        decipher.setAuthTag(rest.subarray(0, TAG_BYTES));
        const plain = Buffer.concat([decipher.update(rest.subarray(TAG_BYTES)), decipher.final()]);
        return zstdDecompressSync(plain).toString("utf8");
      } catch (cause) {
        throw unopened("it was sealed with another secret of the filters", cause);
      }
    },
  };
}

function unopened(why: string, cause?: unknown): BodyUnavailableError {
  return new BodyUnavailableError(
    `the record's body cannot be opened: ${why}. Give the functions the former secret, or discard the record`,
    { cause },
  );
}
