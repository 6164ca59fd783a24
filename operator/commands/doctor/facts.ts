import type { Registration } from "../../ledger/tagging.ts";
import type { Retention } from "../../../reader/source/retention.ts";
import type { ServerVariables } from "../../../reader/source/server-variables.ts";

/** A MySQL account, as far as the doctor looks at it. */
export interface Account {
  readonly user: string;
  readonly host: string;
  /** Locked for good: nobody logs in with it. Roles are locked too. */
  readonly isLocked: boolean;
  /**
   * CONNECTION_ADMIN and SUPER, by which `init_connect` is not run for it, if it has them itself.
   */
  readonly adminPrivileges: readonly string[];
  /** Roles that are active when it logs in and have one of these. */
  readonly adminRoles: readonly string[];
  /** MAX_QUERIES_PER_HOUR; 0 without a limit. */
  readonly questionsPerHour: number;
  /** Whether it may write to some table by a privilege of its own. */
  readonly mayWrite: boolean;
}

/** What there is of the session ledger. */
export interface LedgerFacts {
  /** How many rows its table has; null without a table. */
  readonly slots: number | null;
  /**
   * Whether the account is there that the procedures run as, without which nobody can call them.
   */
  readonly hasDefiner: boolean;
  readonly mayDefinerWrite: boolean;
  /** What the procedures do; `other` when one is another version's, null when one is missing. */
  readonly registration: Registration | "other" | null;
  readonly isGrantedToEverybody: boolean;
  /** Whether the account of everybody was made by installing, for nothing else. */
  readonly isEverybodyOurs: boolean;
  /** Accounts for which that grant does not count. */
  readonly exempt: readonly { readonly user: string; readonly host: string }[];
  readonly initConnect: string;
}

/** What matters to GTID tags beside the ledger's objects. */
export interface TagFacts {
  /** Whether the account that the procedures run as may set a tag. */
  readonly mayDefinerTag: boolean;
  /** Other accounts that may. */
  readonly setters: readonly string[];
  /** Who reads the binlog by now; the version of a replica, null for another program. */
  readonly followers: readonly { readonly name: string; readonly replicaVersion: string | null }[];
  /**
   * How often each account reset an open session (COM_RESET_CONNECTION) in this run of the server.
   */
  readonly resets: readonly Count[];
}

/** A connection count of an account, or of a program. */
export interface Count {
  readonly name: string;
  readonly count: number;
}

/** What the doctor asked of a server. */
export interface ServerFacts {
  readonly variables: ServerVariables;
  /** The server that it replicates from; null for a source. */
  readonly replicaOf: string | null;
  readonly retention: Retention;
  readonly isConnectionEncrypted: boolean;
  /** Threads that performance_schema could not take up. */
  readonly lostThreads: number;
  readonly accounts: readonly Account[];
  /** The host of the reader's account, `%` when there is none yet. */
  readonly readerHost: string;
  /** `SHOW GRANTS` of the reader's account; null when there is no such account. */
  readonly readerGrants: readonly string[] | null;
  readonly ledger: LedgerFacts;
  readonly tags: TagFacts;
  /**
   * How often each account changed the user of an open connection (COM_CHANGE_USER) in this run of
   * the server.
   */
  readonly userChanges: readonly Count[];
  /** Connections that come through a program which shares them between clients. */
  readonly proxies: readonly Count[];
}
