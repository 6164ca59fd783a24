/** A snapshot cannot be begun as it was ordered; the message says why, and what to do. */
export class SnapshotRefusedError extends Error {
  override readonly name = "SnapshotRefusedError";
}

/** A snapshot cannot go on until a person has acted; the message says why, and what to do. */
export class SnapshotStoppedError extends Error {
  override readonly name = "SnapshotStoppedError";
}
