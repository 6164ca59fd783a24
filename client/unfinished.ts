/**
 * Not a failure: the message is given back, because this process no longer holds it or the
 * application has stopped iterating.
 */
export class UnfinishedError extends Error {
  override readonly name = "UnfinishedError";
}
