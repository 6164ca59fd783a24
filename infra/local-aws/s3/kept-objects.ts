import { createHash } from "node:crypto";
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { StoredObject } from "./stored-object.ts";

/**
 * The longest first line of a file, bytes. A key has at most 1,024 bytes, and few headers are
 * stored.
 */
const LONGEST_DESCRIPTION = 64 * 1024;
const DRAFT = ".draft";

/**
 * Stores the objects of all buckets in a directory. Each object is a file: a line that describes
 * it, then its content.
 */
export class KeptObjects {
  readonly #directory: string;
  readonly #buckets = new Map<string, Map<string, StoredObject>>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Opens the directory with the objects of earlier processes. */
  static open(directory: string): KeptObjects {
    const kept = new KeptObjects(directory);
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      if (name.endsWith(DRAFT)) rmSync(path);
      else kept.#load(path);
    }
    return kept;
  }

  /** The objects of a bucket by their keys. */
  of(bucket: string): Map<string, StoredObject> {
    let objects = this.#buckets.get(bucket);
    if (objects === undefined) this.#buckets.set(bucket, (objects = new Map()));
    return objects;
  }

  /**
   * Stores an object. Returns it with a `read` from the file, so that the content need not stay in
   * memory.
   */
  put(bucket: string, object: StoredObject): StoredObject {
    const { key, size, etag, modified, headers } = object;
    const description = { bucket, key, size, etag, modifiedMs: modified.getTime(), headers };
    const line = Buffer.from(`${JSON.stringify(description)}\n`);
    const path = this.#pathOf(bucket, key);
    const draft = `${path}${DRAFT}`;
    writeFileSync(draft, Buffer.concat([line, object.read()]), { mode: 0o600 });
    renameSync(draft, path);
    return { ...object, read: () => readFileSync(path).subarray(line.length) };
  }

  remove(bucket: string, key: string): void {
    rmSync(this.#pathOf(bucket, key), { force: true });
  }

  #load(path: string): void {
    const line = firstLine(path);
    const { bucket, key, size, etag, modifiedMs, headers } = JSON.parse(line.toString()) as {
      readonly bucket: string;
      readonly modifiedMs: number;
    } & Pick<StoredObject, "key" | "size" | "etag" | "headers">;
    this.of(bucket).set(key, {
      key,
      size,
      etag,
      headers,
      modified: new Date(modifiedMs),
      read: () => readFileSync(path).subarray(line.length),
    });
  }

  /** The file's name is a hash, because keys may be longer than file names. */
  #pathOf(bucket: string, key: string): string {
    const name = createHash("sha256").update(`${bucket}/${key}`).digest("hex");
    return join(this.#directory, name);
  }
}

/** The first line, including its line feed. */
function firstLine(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const start = Buffer.alloc(LONGEST_DESCRIPTION);
    const length = readSync(file, start, 0, start.length, 0);
    return start.subarray(0, start.subarray(0, length).indexOf("\n") + 1);
  } finally {
    closeSync(file);
  }
}
