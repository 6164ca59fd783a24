import type { Registration } from "../../ledger/tagging.ts";
import type { Retention } from "../../../reader/source/retention.ts";
import type { ServerVariables } from "../../../reader/source/server-variables.ts";

/** The properties of a MySQL account that the doctor checks. */
export interface Account {
  readonly user: string;
  readonly host: string;
  /** Whether the account is locked, so that nobody can log in with it. Roles are locked too. */
  readonly isLocked: boolean;
  /**
   * CONNECTION_ADMIN and SUPER, if granted directly. MySQL does not run `init_connect` for an
   * account with either of them.
   */
  readonly adminPrivileges: readonly string[];
  /** Roles with one of these privileges that are active after a login. */
  readonly adminRoles: readonly string[];
  /** MAX_QUERIES_PER_HOUR; 0 without a limit. */
  readonly questionsPerHour: number;
  /** Whether a privilege that is granted directly lets it write to a table. */
  readonly mayWrite: boolean;
}

/** The state of the session ledger on the server. */
export interface LedgerFacts {
  /** Number of rows in the ledger's table; null when the table does not exist. */
  readonly slots: number | null;
  /**
   * Whether the account exists that the procedures run as. Without it, every call fails.
   */
  readonly hasDefiner: boolean;
  readonly mayDefinerWrite: boolean;
  /**
   * What the procedures do; `other` when one belongs to another version, null when one is missing.
   */
  readonly registration: Registration | "other" | null;
  readonly isGrantedToEverybody: boolean;
  /** Whether installing the ledger created the account `''@'%'`. */
  readonly isEverybodyOurs: boolean;
  /** Accounts that cannot use the grant to everybody. */
  readonly exempt: readonly { readonly user: string; readonly host: string }[];
  readonly initConnect: string;
}

/** What matters to GTID tags, apart from the ledger's objects. */
export interface TagFacts {
  /** Whether the procedures' account may set a tag. */
  readonly mayDefinerTag: boolean;
  /** Other accounts that may set a tag. */
  readonly setters: readonly string[];
  /** Who reads the binlog now: a replica's version, or null for another program. */
  readonly followers: readonly { readonly name: string; readonly replicaVersion: string | null }[];
  /**
   * How often each account reset an open session (COM_RESET_CONNECTION) since the server started.
   */
  readonly resets: readonly Count[];
}

/** A number of events of an account, or of connections of a program. */
export interface Count {
  readonly name: string;
  readonly count: number;
}

/** The results of the doctor's queries. */
export interface ServerFacts {
  readonly variables: ServerVariables;
  /** The host that the server replicates from; null when it is not a replica. */
  readonly replicaOf: string | null;
  readonly retention: Retention;
  readonly isConnectionEncrypted: boolean;
  /** Number of threads that performance_schema had no room for. */
  readonly lostThreads: number;
  readonly accounts: readonly Account[];
  /** The host of the reader's account; `%` when the account does not exist. */
  readonly readerHost: string;
  /** `SHOW GRANTS` of the reader's account; null when the account does not exist. */
  readonly readerGrants: readonly string[] | null;
  readonly ledger: LedgerFacts;
  readonly tags: TagFacts;
  /**
   * How often each account changed the user of an open connection (COM_CHANGE_USER) since the
   * server started.
   */
  readonly userChanges: readonly Count[];
  /** Open connections per proxy program that shares connections between clients. */
  readonly proxies: readonly Count[];
}
