import { fnv1a } from "../../wire/fnv-1a.ts";

/** The lane of a table: always the same one, for a given number of lanes. */
export function laneFor(database: string, table: string, lanes: number): number {
  return lanes === 1 ? 0 : fnv1a(`${database}\0${table}`) % lanes;
}
