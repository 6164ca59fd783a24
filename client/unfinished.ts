/**
 * Not a failure: the message is to be given back as it is, because it is no longer ours or nobody
 * wants it any more.
 */
export class UnfinishedError extends Error {
  override readonly name = "UnfinishedError";
}
