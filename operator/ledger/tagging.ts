import { SHORT_SIGNS, TAG_LENGTH, TAG_PREFIX } from "../../wire/account-tag.ts";

/**
 * What the procedures do for a connection: write its row of the ledger, set the tag of its user
 * (wire/account-tag.ts) for the GTIDs of its transactions, or both.
 */
export const REGISTRATIONS = {
  ledger: {
    writesRow: true,
    setsTag: false,
    comment: "session ledger of binlog-router, version 3",
  },
  "ledger-and-tags": {
    writesRow: true,
    setsTag: true,
    comment: "session ledger and GTID tags of binlog-router, version 1",
  },
  tags: { writesRow: false, setsTag: true, comment: "GTID tags of binlog-router, version 1" },
} as const;

export type Registration = keyof typeof REGISTRATIONS;

/** What installed procedures do, judged by their comment; null for another version. */
export function registrationOf(comment: string | null): Registration | null {
  const known = Object.entries(REGISTRATIONS).find(([, kind]) => kind.comment === comment);
  return known === undefined ? null : (known[0] as Registration);
}

/** Whether a server of this version supports GTID tags (8.3 and later). */
export function hasTags(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return major > 8 || (major === 8 && minor >= 3);
}

/**
 * The privileges that the procedures' account needs to set a tag. SYSTEM_VARIABLES_ADMIN or
 * REPLICATION_APPLIER would do in place of the second, which is limited to the session.
 */
export const TAGGING_PRIVILEGES = ["TRANSACTION_GTID_TAG", "SESSION_VARIABLES_ADMIN"] as const;

/** Each of these, together with TRANSACTION_GTID_TAG, lets an account set any tag. */
export const TAG_SETTERS = [
  "SYSTEM_VARIABLES_ADMIN",
  "SESSION_VARIABLES_ADMIN",
  "REPLICATION_APPLIER",
] as const;

/** The variables that `SET_TAG` uses. */
export const TAG_VARIABLES = `
  DECLARE client_user VARCHAR(300) CHARACTER SET utf8mb4
    DEFAULT LEFT(client, CHAR_LENGTH(client) - CHAR_LENGTH(client_host) - 1);
  DECLARE tag VARCHAR(1000) CHARACTER SET utf8mb4 DEFAULT '${TAG_PREFIX}';
  DECLARE sign VARCHAR(1) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
  DECLARE signs_read SMALLINT UNSIGNED DEFAULT 0;`;

/**
 * Sets the tag that `tagOf` makes of the user's name. For a name that has no tag, it removes the
 * session's earlier tag. Inside a transaction MySQL refuses to set `gtid_next`, so the session
 * keeps its tag.
 */
export const SET_TAG = `
    WHILE signs_read < CHAR_LENGTH(client_user) DO
      SET signs_read = signs_read + 1, sign = SUBSTRING(client_user, signs_read, 1);
      SET tag = CONCAT(tag, CASE
        WHEN sign BETWEEN 'a' AND 'y' OR sign BETWEEN '0' AND '9' OR sign = '_' THEN sign
        WHEN sign BETWEEN 'A' AND 'Z' THEN CONCAT('zu', LOWER(sign))${shortSigns()}
        ELSE CONCAT('zx', LOWER(HEX(sign)), '_')
      END);
    END WHILE;
    SET SESSION gtid_next = IF(client_user = '' OR CHAR_LENGTH(tag) > ${TAG_LENGTH},
      'AUTOMATIC', CONCAT('AUTOMATIC:', tag));`;

function shortSigns(): string {
  return Object.entries(SHORT_SIGNS)
    .map(([sign, letter]) => `\n        WHEN sign = '${sign}' THEN 'z${letter}'`)
    .join("");
}
