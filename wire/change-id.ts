/** What makes a change recognisable, whoever reads it again. */
export interface ChangePlace {
  readonly gtid: string | null;
  readonly server: string;
  readonly file: string;
  readonly offset: number;
  readonly row: number;
  /** The change's number inside its transaction. */
  readonly n: number;
}

/** The stable id of a change: `<gtid>/<n>`, or `<server uuid>:<file>:<offset>/<row>` on a server without GTIDs. */
export function changeId(place: ChangePlace): string {
  return place.gtid === null
    ? `${place.server}:${place.file}:${place.offset}/${place.row}`
    : `${place.gtid}/${place.n}`;
}
