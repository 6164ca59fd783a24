/**
 * What only a person can resolve. The reader stops with it instead of going past; `remedy` says
 * what to do. Everything else that goes wrong with the source is tried again (see
 * source/mysql-errors.ts).
 */
export abstract class OperatorError extends Error {
  readonly remedy: string;
  /**
   * Whether the stop is kept: no later attempt and no other process reads on before an operator's
   * act, because time alone could make the cause invisible.
   */
  readonly isKept: boolean = false;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(`${message} ${remedy}`, options);
    this.remedy = remedy;
  }
}

/** A server variable makes it impossible to read changes without losing or garbling some. */
export class SourceSettingError extends OperatorError {
  override readonly name = "SourceSettingError";
  readonly variable: string;

  constructor(variable: string, value: string, why: string, remedy: string) {
    super(`${variable} is ${value}: ${why}.`, remedy);
    this.variable = variable;
  }
}

/** The reader's account may not do what it must. */
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
 * MySQL lets the reader's account log in, and ends its connection because `init_connect` fails.
 * Others share its fate.
 */
export class SourceLockoutError extends OperatorError {
  override readonly name = "SourceLockoutError";

  constructor(options?: ErrorOptions) {
    super(
      "init_connect fails for the reader's account, so that MySQL ends its connections; accounts of applications are probably locked out as well.",
      "`npm run doctor -- --mysql URL`, with an account that has CONNECTION_ADMIN, says why and prints the statements that mend it; SET GLOBAL init_connect = '' lets everybody in at once, without the session ledger.",
      options,
    );
  }
}

/** The server no longer has the log that comes next. Going on would skip changes. */
export class BinlogPurgedError extends OperatorError {
  override readonly name = "BinlogPurgedError";
  override readonly isKept = true;
  readonly offset: string;
  readonly oldest: string;

  constructor(offset: string, oldest: string) {
    super(
      `The server has purged binlog that was not read yet: the offset is ${offset}, the oldest position available is ${oldest}.`,
      "Point the source at a replica that still has the log, or restore the files, then `npm run offsets -- continue`; or give the gap up: `npm run offsets -- set --oldest` (or `--now`), and raise binlog_expire_logs_seconds.",
    );
    this.offset = offset;
    this.oldest = oldest;
  }
}

/**
 * The server goes on with a binlog file that is not the one after the file that was read: its index
 * lacks one. Going on would skip the changes of the missing file.
 */
export class BinlogGapError extends OperatorError {
  override readonly name = "BinlogGapError";
  override readonly isKept = true;

  /** `expected`: the file that follows; `file`: the one that the server sends. */
  constructor(expected: string, file: string) {
    super(
      `The server's binlog index lacks ${expected}: the server goes on with ${file}, and what was written between them is not sent.`,
      `Restore ${expected} and its line in the index and restart the server, or point the source at a replica that has the log, then \`npm run offsets -- continue\`; or give the gap up: \`npm run offsets -- set --file ${file}:4\`.`,
    );
  }
}

/**
 * The server's history is not the one that was read: it is another server, or its history was reset
 * or restored.
 */
export class HistoryMismatchError extends OperatorError {
  override readonly name = "HistoryMismatchError";
  override readonly isKept = true;

  /** `found`: what the server is or has instead, as a predicate. */
  constructor(offset: string, found: string) {
    super(
      `The server's history does not contain what was already read: the offset is ${offset}, and this server ${found}.`,
      "If this is the right server (restored, or reset), start it anew with `npm run offsets -- set --oldest` (or `--now`, which skips what it has written since); otherwise correct the source's address, then `npm run offsets -- continue`.",
    );
  }
}

/** Nothing that the server still has proves that its history is the one that was read. */
export class HistoryUnprovenError extends OperatorError {
  override readonly name = "HistoryUnprovenError";
  override readonly isKept = true;

  /** `gtid`: the last transaction that was read, null where it had none. */
  constructor(offset: string, gtid: string | null, server: string) {
    super(
      `Server ${server} no longer has the binlog with the last transaction that was read (${gtid ?? "which has no GTID"}), so nothing proves that its history is the one that was read: the offset is ${offset}.`,
      "If it is (its logs were moved or purged, or it is a copy of the former server), `npm run offsets -- continue` goes on behind the offset's GTIDs; if it was restored from a backup or reset, start it anew with `npm run offsets -- set --oldest`.",
    );
  }
}

/** The changes of a prepared XA transaction are not where they were kept. */
export class KeptXaLostError extends OperatorError {
  override readonly name = "KeptXaLostError";

  constructor(xid: string, gtid: string | null, object: string) {
    super(
      `The changes of the prepared XA transaction ${xid}${gtid === null ? "" : ` (${gtid})`} were kept in ${object}, which is not there any more.`,
      "Restore the object (an earlier version, a backup); or begin where the reader stands without them: `npm run offsets -- show` names the GTID set, or file and position, for `npm run offsets -- set`. If the transaction commits then, its changes are not delivered; XA ROLLBACK ends it.",
    );
  }
}

/** An earlier attempt stopped for want of proof, and no operator has acted since. */
export class StillStoppedError extends OperatorError {
  override readonly name = "StillStoppedError";

  constructor(since: string, message: string) {
    super(`Stopped since ${since}: ${message}`, "The reader waits for that act.");
  }
}

/**
 * A binlog file that is longer than a dump can ask for, and the server has not begun the next one
 * yet.
 */
export class NotRotatedYetError extends Error {
  override readonly name = "NotRotatedYetError";

  constructor(file: string) {
    super(`the server has not begun the file after ${file} yet`);
  }
}

/**
 * The binlog ends before what was read of it, or the server has stopped sending it: the next
 * attempt finds out why.
 */
export class BinlogInterruptedError extends Error {
  override readonly name = "BinlogInterruptedError";
}

/** The server refuses the dump although offset and settings are sound. */
export class BinlogRefusedError extends OperatorError {
  override readonly name = "BinlogRefusedError";

  constructor(serverId: number, options?: ErrorOptions) {
    super(
      "The server ended the binlog dump again and again with error 1236 although the offset is available.",
      `Either another replica uses server_id ${serverId} (set REPLICA_SERVER_ID to a free one), or a binlog file is damaged (check it with mysqlbinlog --verify-binlog-checksum).`,
      options,
    );
  }
}

/**
 * The server cannot prove that it is the one that was asked for, or speaks no TLS that this side
 * does.
 */
export class SourceTlsError extends OperatorError {
  override readonly name = "SourceTlsError";

  constructor(options?: ErrorOptions) {
    super(
      "TLS between the reader and MySQL failed again and again.",
      "Check that the certificate names the configured host and that its authority is known (NODE_EXTRA_CA_CERTS names a file of further ones); `tls: encrypt` does without the check.",
      options,
    );
  }
}

/** The binlog contains something whose changes cannot be known. */
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
 * A transaction has something that cannot be delivered: a statement in place of rows or of an
 * unknown kind, or a row that is too large. The reader can go on behind the transaction; only a
 * person can decide that its changes may be left out.
 */
export class UnreadableTransactionError extends OperatorError {
  override readonly name = "UnreadableTransactionError";
  readonly gtid: string | null;
  readonly file: string;
  readonly offset: number;
  /** Where the transaction ends, bytes. */
  readonly end: number;

  constructor({ what, advice, gtid, file, offset }: Unreadable, end: number) {
    const goOn = gtid === null ? `--file ${file}:${end}` : `--past ${gtid}`;
    super(
      `${file}:${offset}: ${what}. Its transaction${gtid === null ? "" : ` ${gtid}`} ends at ${file}:${end}.`,
      `${advice} \`npm run offsets -- set ${goOn}\` goes on behind the transaction; what it changed is then not delivered.`,
    );
    this.gtid = gtid;
    this.file = file;
    this.offset = offset;
    this.end = end;
  }
}

/** What cannot be read, and where. */
export interface Unreadable {
  /** What it is, and why it cannot be read. */
  readonly what: string;
  /** How to keep it from coming again: a sentence. */
  readonly advice: string;
  /** Of its transaction; null on a server without GTIDs. */
  readonly gtid: string | null;
  readonly file: string;
  readonly offset: number;
}

/** Another reader took the lease over: this one must not send or save anything any more. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";
}

/** Nothing came from the server for longer than heartbeats allow. */
export class SourceSilentError extends Error {
  override readonly name = "SourceSilentError";
}
