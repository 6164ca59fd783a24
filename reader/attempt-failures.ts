import { judgeSourceError } from "./source/mysql-errors.ts";

/** This many doubtful errors in a row are final, */
const DOUBTS = 3;
/** unless the attempts between them lasted this long. */
const UNDISTURBED_MS = 60_000;

/** Decides after each failed attempt to follow the source whether another one may help. */
export class AttemptFailures {
  readonly #replicaServerId: number;
  #failures = 0;
  #doubts = 0;

  constructor(replicaServerId: number) {
    this.#replicaServerId = replicaServerId;
  }

  /**
   * Takes what ended an attempt, and returns how many have failed in a row. Throws what a person
   * must act on.
   *
   * @param reachedBinlog whether events of the binlog came: then the next failure is counted from
   *   one again
   */
  add(error: unknown, reachedBinlog: boolean, lastedMs: number): number {
    if (reachedBinlog) this.#failures = 0;
    if (lastedMs > UNDISTURBED_MS) this.#doubts = 0;
    if (!isOfAws(error)) {
      const verdict = judgeSourceError(error);
      if (verdict.kind === "final") throw verdict.error;
      // Whether the log was purged is found out when the next attempt connects; refused again and
      // again, it is something else: two replicas with one server id end each other's dump by
      // turns.
      if (verdict.kind === "doubtful" && ++this.#doubts >= DOUBTS)
        throw verdict.final(this.#replicaServerId);
    }
    return ++this.#failures;
  }
}

/**
 * What the AWS SDK throws carries `$metadata`, also when the request never reached AWS; but for its
 * search for credentials.
 */
function isOfAws(error: unknown): boolean {
  return (
    error instanceof Error && ("$metadata" in error || error.name === "CredentialsProviderError")
  );
}
