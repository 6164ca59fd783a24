/**
 * The number at the end of a binlog file's name (`mysql-bin.000017` → 17). Throws RangeError when
 * the name has no number.
 */
export function binlogFileNumber(name: string): number {
  const match = /\.(\d+)$/.exec(name);
  if (match === null)
    throw new RangeError(`not the name of a binlog file: ${JSON.stringify(name)}`);
  return Number(match[1]);
}
