import * as z from "zod";
import { secretArn, keyArn, tablePattern, tablePatterns, text } from "./schema-values.ts";
import { startPointText } from "./start-point.ts";

export const sourceSchema = z.strictObject({
  /** MySQL's host. May be left out for a run on one machine, which starts a MySQL server. */
  host: text.optional(),
  port: z.int().min(1).max(65_535).default(3306),
  /** A Secrets Manager secret with `{ "username", "password" }`. Left out: the stack makes one. */
  secretArn: secretArn.optional(),
  /**
   * The KMS key of that secret, unless it is AWS's own. The key's policy must delegate to this
   * account's IAM.
   */
  secretKeyArn: keyArn.optional(),
  /**
   * `verify` encrypts and checks the server's certificate, `encrypt` does not check it, `off` sends
   * everything unencrypted.
   */
  tls: z.enum(["verify", "encrypt", "off"]).default("verify"),
  tables: tablePatterns,
  /**
   * Tables that sessions may change in statement format. No subscriber gets them, and a statement
   * that writes to them must not change a followed table (docs/statements.md).
   */
  statementTables: z.array(tablePattern).default([]),
  /** Where the first start begins to read. Later starts continue at the saved offset. */
  start: startPointText.default("now"),
});

export const deliverySchema = z.strictObject({
  /**
   * The longest time that a change waits to share a frame with others, milliseconds. A time
   * shorter than 100 grows, up to 100, while frames wait for each other in the raw queue. A time
   * shorter than 20 grows to 20 while changes may be parked.
   */
  delayMs: z.int().min(5).max(60_000).default(20),
});
