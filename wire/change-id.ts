/** What identifies a change; the same for every reader that reads it again. */
interface ChangeCoordinates {
  readonly gtid: string | null;
  readonly server: string;
  readonly file: string;
  readonly offset: number;
  readonly row: number;
  /** The change's number inside its transaction. */
  readonly n: number;
}

/**
 * The stable id of a change: `<gtid>/<n>`, or `<server uuid>:<file>:<offset>/<row>` on a server
 * without GTIDs.
 */
export function changeId(coordinates: ChangeCoordinates): string {
  return idStart(coordinates) + idEnd(coordinates);
}

/** What the ids of a transaction's changes have in common. */
export function idStart({
  gtid,
  server,
  file,
}: Pick<ChangeCoordinates, "gtid" | "server" | "file">): string {
  return gtid === null ? `${server}:${file}:` : `${gtid}/`;
}

export function idEnd({
  gtid,
  offset,
  row,
  n,
}: Omit<ChangeCoordinates, "server" | "file">): string {
  return gtid === null ? `${offset}/${row}` : String(n);
}
