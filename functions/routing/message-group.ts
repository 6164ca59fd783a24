import { createHash } from "node:crypto";
import { fnv1a } from "../../wire/fnv-1a.ts";

/**
 * The names of message groups. SQS allows 128 characters: letters, digits and ASCII punctuation. A
 * MySQL name may contain others, such as spaces and emoji, which are written as the `%XX` of their
 * UTF-8 bytes. A long name ends in a hash, so two tables never share a group by accident. The parts
 * are separated by `#`, which escaped names do not contain.
 *
 *   shop.orders                     a table
 *   shop.orders#Zk3…                the rows of one key, hashed
 *   shop.orders#64-7                the rows whose keys are in bucket 7 of 64
 *   shop                            a whole source
 *   shop.orders#late-24-…           changes of connection 24 that were parked without an author
 *   shop#lane-2                     a source's changes in lane 2: order is kept only within a lane
 */
const LONGEST_NAME = 64;

export function tableGroup(database: string, table: string): string {
  return shorten(`${escapeName(database)}.${escapeName(table)}`);
}

/**
 * The group of a row's key. `key` is the key as JSON text, or "" for a change without one (a
 * statement, a table without a key), which gets the table's group.
 */
export function keyGroup(database: string, table: string, key: string): string {
  const group = tableGroup(database, table);
  return key === "" ? group : `${group}#${hash(key, 16)}`;
}

/** The same with a fixed number of groups per table. A key is always in the same group. */
export function bucketGroup(database: string, table: string, key: string, buckets: number): string {
  const group = tableGroup(database, table);
  return key === "" ? group : `${group}#${buckets}-${fnv1a(key) % buckets}`;
}

export function sourceGroup(source: string, lane: number): string {
  const group = shorten(escapeName(source));
  return lane === 0 ? group : `${group}#lane-${lane}`;
}

/**
 * The group of changes whose author was found late. `connection` is the connection's full name,
 * because later runs of the server reuse thread ids and their groups must differ. The groups of
 * different lanes must differ too, because each lane parks the connection's changes separately. A
 * table moves to another lane when the number of lanes changes.
 */
export function lateGroup(group: string, thread: number, connection: string, lane: number): string {
  const name = lane === 0 ? connection : `${connection} lane ${lane}`;
  return `${group}#late-${thread}-${hash(name, 6)}`;
}

function escapeName(name: string): string {
  return name.replace(/[^A-Za-z0-9_$-]/gu, (character) =>
    Array.from(
      Buffer.from(character, "utf8"),
      (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
    ).join(""),
  );
}

function shorten(name: string): string {
  return name.length <= LONGEST_NAME
    ? name
    : `${name.slice(0, LONGEST_NAME - 23)}~${hash(name, 16)}`;
}

function hash(text: string, bytes: number): string {
  return createHash("sha256").update(text).digest().subarray(0, bytes).toString("base64url");
}
