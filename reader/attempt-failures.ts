import { judgeSourceError } from "./source/mysql-errors.ts";

/** After this many doubtful errors in a row the reader stops. */
const DOUBTS = 3;
/** An attempt that lasts longer than this resets the count of doubtful errors. */
const UNDISTURBED_MS = 60_000;

/** Decides after each failed attempt to follow the source whether to try again. */
export class AttemptFailures {
  readonly #replicaServerId: number;
  #failures = 0;
  #doubts = 0;

  constructor(replicaServerId: number) {
    this.#replicaServerId = replicaServerId;
  }

  /**
   * Counts the error that ended an attempt, and returns how many attempts have failed in a row.
   * Throws the error when a person must act on it.
   *
   * @param reachedBinlog whether the attempt received binlog events: the count then starts anew
   */
  add(error: unknown, reachedBinlog: boolean, lastedMs: number): number {
    if (reachedBinlog) this.#failures = 0;
    if (lastedMs > UNDISTURBED_MS) this.#doubts = 0;
    if (!isOfAws(error)) {
      const verdict = judgeSourceError(error);
      if (verdict.kind === "final") throw verdict.error;
      // A doubtful error may mean that the log was purged; the next attempt checks that when it
      // connects. A refusal that repeats has another cause, such as two replicas with the same
      // server id, which end each other's dumps in turn.
      if (verdict.kind === "doubtful" && ++this.#doubts >= DOUBTS)
        throw verdict.final(this.#replicaServerId);
    }
    return ++this.#failures;
  }
}

/**
 * Whether the AWS SDK threw the error. Its errors have `$metadata` even when the request did not
 * reach AWS; only CredentialsProviderError has none.
 */
function isOfAws(error: unknown): boolean {
  return (
    error instanceof Error && ("$metadata" in error || error.name === "CredentialsProviderError")
  );
}
