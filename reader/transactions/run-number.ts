/** More files than a server can number before it must be reset. */
const FILES_OF_AN_EPOCH = 2 ** 31;

/**
 * The number of a server's run (see `Connection` in wire/session.ts) that began with a file. File numbers start again with
 * a new epoch; what was recorded of the connections of an earlier one must not be found under the same number.
 */
export function runBeginning(epoch: number, fileNumber: number): number {
  return (epoch - 1) * FILES_OF_AN_EPOCH + fileNumber;
}
