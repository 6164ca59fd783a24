/** A snapshot cannot begin as ordered; the message says why and what to do. */
export class SnapshotRefusedError extends Error {
  override readonly name = "SnapshotRefusedError";
}

/** A snapshot cannot continue until a person has acted; the message says why and what to do. */
export class SnapshotStoppedError extends Error {
  override readonly name = "SnapshotStoppedError";
}
