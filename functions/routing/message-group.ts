import { createHash } from "node:crypto";
import { fnv1a } from "../../wire/fnv-1a.ts";

/**
 * Names of message groups. SQS allows 128 characters: letters, digits and ASCII punctuation; a
 * MySQL name may have spaces and emoji. Other characters are written as the `%XX` of their UTF-8
 * bytes, and a long name ends in a hash, so two tables never share a group by accident. `#`
 * separates the parts, which no escaped name contains.
 *
 *   shop.orders                     a table
 *   shop.orders#Zk3…                the rows of one key, hashed
 *   shop.orders#64-7                the rows whose keys are in bucket 7 of 64
 *   shop                            a whole source
 *   shop.orders#late-24-…           changes of connection 24 whose author was learnt after their successors had gone
 *   shop#lane-2                     a whole source, what came by lane 2: only within a lane is there an order to keep
 */
const LONGEST_NAME = 64;

export function tableGroup(database: string, table: string): string {
  return shorten(`${escapeName(database)}.${escapeName(table)}`);
}

/**
 * `key` is the row's key as JSON text, or "" for a change without one (a statement, a table without
 * a key).
 */
export function keyGroup(database: string, table: string, key: string): string {
  const group = tableGroup(database, table);
  return key === "" ? group : `${group}#${hash(key, 16)}`;
}

/** The same for keys that share a number of groups. A key is always in the same one of them. */
export function bucketGroup(database: string, table: string, key: string, buckets: number): string {
  const group = tableGroup(database, table);
  return key === "" ? group : `${group}#${buckets}-${fnv1a(key) % buckets}`;
}

export function sourceGroup(source: string, lane: number): string {
  const group = shorten(escapeName(source));
  return lane === 0 ? group : `${group}#lane-${lane}`;
}

/**
 * `connection` is the connection's name: thread ids are used again in later runs of the server,
 * whose groups must differ. So must those of different lanes, which a table changes with their
 * number: each parks the connection's changes by itself.
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
