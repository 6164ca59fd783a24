/** The lane of a table: always the same one, for a given number of lanes. */
export function laneFor(database: string, table: string, lanes: number): number {
  if (lanes === 1) return 0;
  let hash = 0x811c9dc5; // FNV-1a
  for (const byte of Buffer.from(`${database}\0${table}`, "utf8"))
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % lanes;
}
