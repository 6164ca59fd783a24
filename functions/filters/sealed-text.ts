import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { BodyUnavailableError } from "../ground/errors.ts";

/**
 * Encrypts what a failure record keeps of rows before their columns were masked, for which our own
 * code failed: the record belongs to a subscriber who must not see them. AES-256-GCM, with a key
 * made from the secret of the filters.
 */
export interface Seal {
  readonly seal: (text: string) => string;
  /**
   * The text; one that is not sealed as it is. Throws BodyUnavailableError when it was sealed with
   * another secret.
   */
  readonly open: (sealed: string) => string;
}

const MARK = "sealed:1:";
const ALGORITHM = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** `secret` null: nothing is sealed, and nothing that is sealed can be opened. */
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
      if (!sealed.startsWith(MARK)) return sealed;
      if (key === null) throw unopened("the functions have no secret of the filters");
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
