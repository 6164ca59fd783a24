/**
 * An error that only a person can resolve. The reader stops with it and skips nothing; `remedy`
 * says what to do. The reader retries after other errors of the source (see
 * source/mysql-errors.ts).
 */
export abstract class OperatorError extends Error {
  readonly remedy: string;
  /**
   * Whether the stop is saved, so that no later attempt and no other process reads on before an
   * operator has acted. It is saved when the cause could become undetectable with time.
   */
  readonly isKept: boolean = false;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(`${message} ${remedy}`, options);
    this.remedy = remedy;
  }
}

/** With the value of a server variable, changes would be lost or garbled. */
export class SourceSettingError extends OperatorError {
  override readonly name = "SourceSettingError";
  readonly variable: string;

  constructor(variable: string, value: string, why: string, remedy: string) {
    super(`${variable} is ${value}: ${why}.`, remedy);
    this.variable = variable;
  }
}

/** MySQL refuses the reader's account, or the account lacks a privilege. */
export class SourceAccessError extends OperatorError {
  override readonly name = "SourceAccessError";

  constructor(message: string, options?: ErrorOptions) {
    super(
      message,
      "Check the secret's username and password, and grant REPLICATION SLAVE, REPLICATION CLIENT and SELECT ON performance_schema.* to that account.",
      options,
    );
  }
}

/**
 * `init_connect` fails, so MySQL ends the connection of the reader's account after the login. Other
 * accounts are probably affected too.
 */
export class SourceLockoutError extends OperatorError {
  override readonly name = "SourceLockoutError";

  constructor(options?: ErrorOptions) {
    super(
      "init_connect fails for the reader's account, so MySQL ends its connections. The applications' accounts are probably locked out as well.",
      "Run `npm run doctor -- --mysql URL` with an account that has CONNECTION_ADMIN: it names the cause and prints the statements that correct it. To let all accounts log in at once, without the session ledger, run SET GLOBAL init_connect = ''.",
      options,
    );
  }
}

/** The server has purged the next binlog file. Reading on would skip changes. */
export class BinlogPurgedError extends OperatorError {
  override readonly name = "BinlogPurgedError";
  override readonly isKept = true;
  readonly offset: string;
  readonly oldest: string;

  constructor(offset: string, oldest: string) {
    super(
      `The server has purged binlog that the reader had not read: the offset is ${offset}, and the oldest position available is ${oldest}.`,
      "Point the source at a replica that still has the log, or restore the files, then run `npm run offsets -- continue`. To skip the missing changes instead, run `npm run offsets -- set --oldest` (or `--now`), and raise binlog_expire_logs_seconds.",
    );
    this.offset = offset;
    this.oldest = oldest;
  }
}

/**
 * The server's binlog index lacks the file after the one that was read. Reading on would skip the
 * missing file's changes.
 */
export class BinlogGapError extends OperatorError {
  override readonly name = "BinlogGapError";
  override readonly isKept = true;

  /** `expected`: the missing file; `file`: the file that the server sends instead. */
  constructor(expected: string, file: string) {
    super(
      `The server's binlog index lacks ${expected}: the server continues with ${file}, and does not send what was written between them.`,
      `Restore ${expected} and its line in the index and restart the server, or point the source at a replica that has the log; then run \`npm run offsets -- continue\`. To skip the missing changes instead, run \`npm run offsets -- set --file ${file}:4\`.`,
    );
  }
}

/**
 * The server has transactions without a GTID behind those that were read, and the reader can begin
 * there only by GTIDs. It would skip them.
 */
export class AnonymousTransactionsError extends OperatorError {
  override readonly name = "AnonymousTransactionsError";
  override readonly isKept = true;

  /** `file` contains such a transaction, `anchorFile` the last transaction that was read. */
  constructor(file: string, anchorFile: string) {
    super(
      `The server's ${file} has transactions without a GTID that were written after those that the reader read. Reading on by GTIDs would skip them.`,
      `Run SET GLOBAL gtid_mode = ON_PERMISSIVE, because a server with gtid_mode = ON does not send them, then \`npm run offsets -- set --file ${anchorFile}:4\`: part of what was delivered comes again. Turn gtid_mode ON when the reader has caught up, because later files may have more of them. If these transactions were read, run \`npm run offsets -- continue\`.`,
    );
  }
}

/**
 * The server has executed transactions that were not read and that no binlog file contains. Reading
 * on would skip them.
 */
export class UnloggedTransactionsError extends OperatorError {
  override readonly name = "UnloggedTransactionsError";
  override readonly isKept = true;

  /** `gtids`: their GTIDs. */
  constructor(offset: string, gtids: string) {
    super(
      `The server has executed transactions that the reader has not read, and none of its binlog files contains them: ${gtids}. The offset is ${offset}. This happens when the server's machine crashes and sync_binlog is not 1, when the server runs without a binlog for a while, and when gtid_purged is set, as a dump of mysqldump does.`,
      "If a replica has these transactions in its binlog, point the source at the replica, then run `npm run offsets -- continue`: they are delivered. Otherwise run `npm run offsets -- continue`: the reader goes on without them and does not stop for them again. If they changed followed tables, then read those again with `npm run snapshot`.",
    );
  }
}

/**
 * The server does not have the history that was read: it is another server, or it was reset or
 * restored.
 */
export class HistoryMismatchError extends OperatorError {
  override readonly name = "HistoryMismatchError";
  override readonly isKept = true;

  /**
   * `found`: the contradiction, as a predicate of "this server". `shared`: the GTIDs that both
   * have, where the server may be a replica that took over without the last transactions.
   */
  constructor(offset: string, found: string, shared = "") {
    const tookOver = `If this server took over without the former source's last transactions, run \`npm run offsets -- set --gtid ${shared}\`: the reader continues behind what both have, and delivers all that this server has beyond it. `;
    super(
      `The server's history does not contain what the reader has already read: the offset is ${offset}, and this server ${found}.`,
      (shared === "" ? "" : tookOver) +
        "If this is the right server, and it was restored or reset or its logs were moved, run `npm run offsets -- set --oldest` (or `--now`, which skips what it has written since). Otherwise correct the source's address, then run `npm run offsets -- continue`.",
    );
  }
}

/**
 * The server no longer has the binlog that could prove that its history is the one that was read.
 */
export class HistoryUnprovenError extends OperatorError {
  override readonly name = "HistoryUnprovenError";
  override readonly isKept = true;

  /** `gtid`: the GTID of the last transaction that was read; null when it had none. */
  constructor(offset: string, gtid: string | null, server: string) {
    super(
      `Server ${server} no longer has the binlog with the last transaction that the reader read (${gtid ?? "it has no GTID"}), so the reader cannot tell whether the server has the same history: the offset is ${offset}.`,
      "If the server's logs were moved or purged, or it is a copy of the former server, run `npm run offsets -- continue`: the reader continues after the offset's GTIDs. If the server was restored from a backup or reset, run `npm run offsets -- set --oldest`.",
    );
  }
}

/** The object with the kept changes of a prepared XA transaction is missing. */
export class KeptXaLostError extends OperatorError {
  override readonly name = "KeptXaLostError";

  constructor(xid: string, gtid: string | null, object: string) {
    super(
      `The reader kept the changes of the prepared XA transaction ${xid}${gtid === null ? "" : ` (${gtid})`} in ${object}, which no longer exists.`,
      "Restore the object (an earlier version, or a backup). To continue without these changes, give the GTID set that `npm run offsets -- show` names to `npm run offsets -- set --gtid`; without GTIDs, give the file and position to `--file`. If the transaction commits after that, its changes are not delivered. XA ROLLBACK ends the transaction.",
    );
  }
}

/** An earlier attempt saved its stop (see `isKept`), and no operator has acted since. */
export class StillStoppedError extends OperatorError {
  override readonly name = "StillStoppedError";

  constructor(since: string, message: string) {
    super(
      `Stopped since ${since}: ${message}`,
      "The reader waits until an operator has done this.",
    );
  }
}

/**
 * The binlog ends before the read position, or the server has stopped sending events. The next
 * attempt finds the cause.
 */
export class BinlogInterruptedError extends Error {
  override readonly name = "BinlogInterruptedError";
}

/** The server repeatedly refuses the dump although the offset and the settings are valid. */
export class BinlogRefusedError extends OperatorError {
  override readonly name = "BinlogRefusedError";

  constructor(serverId: number, options?: ErrorOptions) {
    super(
      "The server repeatedly ended the binlog dump with error 1236 although the offset is available.",
      `Another replica uses server_id ${serverId} (set REPLICA_SERVER_ID to a free one), or a binlog file is damaged (check it with mysqlbinlog --verify-binlog-checksum), or gtid_mode was turned ON before the reader had read what was written without GTIDs: then run SET GLOBAL gtid_mode = ON_PERMISSIVE until it has.`,
      options,
    );
  }
}

/**
 * TLS with the server fails repeatedly: it refuses TLS, has no valid certificate, or shares no TLS
 * version.
 */
export class SourceTlsError extends OperatorError {
  override readonly name = "SourceTlsError";

  constructor(options?: ErrorOptions) {
    super(
      "TLS between the reader and MySQL failed repeatedly.",
      "Check that the certificate names the configured host and that its authority is known (NODE_EXTRA_CA_CERTS names a file with further authorities). `tls: encrypt` connects without this check.",
      options,
    );
  }
}

/** The binlog contains something from which the reader cannot derive the changes. */
export class UnreadableBinlogError extends OperatorError {
  override readonly name = "UnreadableBinlogError";
  readonly file: string;
  readonly offset: number;

  constructor(
    what: string,
    remedy: string,
    at: { file: string; offset: number },
    options?: ErrorOptions,
  ) {
    super(`${at.file}:${at.offset}: ${what}.`, remedy, options);
    this.file = at.file;
    this.offset = at.offset;
  }
}

/**
 * A transaction contains something that cannot be delivered: a statement in place of rows, a
 * statement of an unknown kind, or a row that is too large. The reader can continue behind the
 * transaction, but only a person can decide to leave out its changes.
 */
export class UnreadableTransactionError extends OperatorError {
  override readonly name = "UnreadableTransactionError";
  readonly gtid: string | null;
  readonly file: string;
  readonly offset: number;
  /** The offset in the file at which the transaction ends. */
  readonly end: number;

  constructor({ what, advice, gtid, file, offset }: Unreadable, end: number) {
    const goOn = gtid === null ? `--file ${file}:${end}` : `--past ${gtid}`;
    super(
      `${file}:${offset}: ${what}. Its transaction${gtid === null ? "" : ` ${gtid}`} ends at ${file}:${end}.`,
      `${advice} To continue after the transaction, without delivering its changes, run \`npm run offsets -- set ${goOn}\`.`,
    );
    this.gtid = gtid;
    this.file = file;
    this.offset = offset;
    this.end = end;
  }
}

/** Something unreadable in the binlog, and its place. */
export interface Unreadable {
  /** What it is and why it cannot be read. */
  readonly what: string;
  /** A sentence that says how to prevent it. */
  readonly advice: string;
  /** The transaction's GTID; null on a server without GTIDs. */
  readonly gtid: string | null;
  readonly file: string;
  readonly offset: number;
}

/** Another reader holds the lease: this one must no longer send or save anything. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";
}

/** The server sent nothing, not even heartbeats, for too long, or did not answer a query. */
export class SourceSilentError extends Error {
  override readonly name = "SourceSilentError";
}
