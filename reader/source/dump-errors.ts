/** The address now leads to another server; the next attempt reads that server's state. */
export class OtherServerError extends Error {
  override readonly name = "OtherServerError";
  readonly code = "PROTOCOL_CONNECTION_LOST";
}

/**
 * The server ended the dump with an EOF packet, for instance because a shutdown killed the dump
 * thread.
 */
export class DumpEndedError extends Error {
  override readonly name = "DumpEndedError";
  readonly code = "PROTOCOL_CONNECTION_LOST";
}
