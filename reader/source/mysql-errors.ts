import {
  BinlogInterruptedError,
  BinlogRefusedError,
  OperatorError,
  SourceAccessError,
  SourceLockoutError,
  SourceSettingError,
  SourceSilentError,
  SourceTlsError,
} from "../reporting/errors.ts";

/**
 * The server could not read the requested log. Only the message text has the reason, so the next
 * attempt queries the server for it.
 */
const ER_SOURCE_FATAL_ERROR_READING_BINLOG = 1236;

/** Network trouble and restarts, by the codes of Node and mysql2. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "EHOSTDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_WRITE_AFTER_END",
  "PROTOCOL_CONNECTION_LOST",
  "PROTOCOL_SEQUENCE_TIMEOUT",
  "PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR",
]);

/**
 * Errors of a server that starts, stops, is overloaded or closes a connection;
 * https://dev.mysql.com/doc/mysql-errors/en/
 */
const PASSING_NUMBERS: ReadonlySet<number> = new Set([
  1040, // too many connections
  1053, // server shutdown in progress
  1152, // aborting connection
  1158, // network error reading
  1159, // network timeout reading
  1160, // network error writing
  1161, // network timeout writing
  1203, // the account has too many connections
  1226, // the account has exceeded a resource
  1290, // an option such as offline_mode prevents it
  1317, // query interrupted
  3032, // server in offline mode
  3168, // server is not available yet
  3169, // session was killed
  4031, // disconnected for inactivity
]);

const ACCESS_NUMBERS: ReadonlySet<number> = new Set([
  1044, // no access to the database
  1045, // wrong user or password
  1130, // host not allowed
  1142, // command denied
  1227, // a privilege is missing
  1251, // authentication protocol
  1698, // wrong user or password, no password used
  3118, // account is locked
  1820, // password must be changed
  1862, // password expired
]);

/**
 * The error of a connection's first statement when `init_connect` failed;
 * https://dev.mysql.com/doc/mysql-errors/en/
 */
const ER_NEW_ABORTING_CONNECTION = 1184;

/**
 * Access denied to a database, table or column, and an unknown table: some servers report that for
 * a table that the account may not read.
 */
const MAY_NOT_READ: ReadonlySet<unknown> = new Set([1044, 1142, 1143, 1146]);

const NO_BINARY_LOGGING = 1381;

/**
 * mysql2's code both for a refused certificate and for a connection that is lost during the
 * handshake.
 */
const TLS_HANDSHAKE = "HANDSHAKE_SSL_ERROR";
/**
 * The prefix of Node's codes for OpenSSL errors after the handshake, such as a corrupted record.
 */
const TLS_STREAM = "ERR_SSL_";

export type Verdict =
  | { readonly kind: "passing"; readonly code: string }
  /** May pass; when it repeats, `final` makes the error that stops the reader. */
  | {
      readonly kind: "doubtful";
      readonly code: string;
      readonly final: (serverId: number) => Error;
    }
  | { readonly kind: "final"; readonly error: Error };

/**
 * Decides whether an error of the source can pass by itself. It looks at codes only; an unknown
 * error is final.
 */
export function judgeSourceError(error: unknown): Verdict {
  if (error instanceof SourceSilentError || error instanceof BinlogInterruptedError)
    return { kind: "passing", code: error.name };
  if (!(error instanceof Error) || error instanceof OperatorError)
    return { kind: "final", error: toError(error) };
  const { code, errno } = error as { code?: unknown; errno?: unknown };
  const cause = error;
  if (errno === ER_SOURCE_FATAL_ERROR_READING_BINLOG) {
    return {
      kind: "doubtful",
      code: "1236",
      final: (serverId) => new BinlogRefusedError(serverId, { cause }),
    };
  }
  // It passes while the ledger or a parameter group is being changed. If it persists, applications
  // cannot log in either, and only a person can correct it: so the reader stops within seconds,
  // which informs the operator.
  if (errno === ER_NEW_ABORTING_CONNECTION)
    return { kind: "doubtful", code: "1184", final: () => new SourceLockoutError({ cause }) };
  if (typeof code === "string" && (code === TLS_HANDSHAKE || code.startsWith(TLS_STREAM)))
    return { kind: "doubtful", code, final: () => new SourceTlsError({ cause }) };
  if (typeof errno === "number" && errno > 0) {
    if (PASSING_NUMBERS.has(errno)) return { kind: "passing", code: String(errno) };
    if (errno === NO_BINARY_LOGGING) return { kind: "final", error: binlogOff() };
    if (ACCESS_NUMBERS.has(errno)) {
      const name = typeof code === "string" ? code : errno;
      return {
        kind: "final",
        error: new SourceAccessError(`MySQL refuses the reader's account (${name}).`, {
          cause: error,
        }),
      };
    }
  }
  if (typeof code === "string" && PASSING_CODES.has(code)) return { kind: "passing", code };
  if (code === undefined && isOfClosedConnection(error)) return { kind: "passing", code: "closed" };
  return { kind: "final", error };
}

/**
 * Whether a statement was refused because its connection had been lost before. The error that
 * ended the connection has a code; mysql2 marks this one, which follows it, only as fatal.
 */
function isOfClosedConnection(error: Error): boolean {
  return "fatal" in error && error.fatal === true;
}

/** Whether a query failed because the account may not read the table. */
export function mayNotRead(error: unknown): boolean {
  return error instanceof Error && "errno" in error && MAY_NOT_READ.has(error.errno);
}

export function binlogOff(): SourceSettingError {
  return new SourceSettingError(
    "log_bin",
    "OFF",
    "there is no binlog to read",
    "Start the server with --log-bin.",
  );
}

function toError(error: unknown): Error {
  return error instanceof Error
    ? error
    : new Error("something other than an Error was thrown", { cause: error });
}
