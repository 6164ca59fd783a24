import { createRequire } from "node:module";

interface Closing {
  close(): Promise<void>;
}

function close(this: Closing): Promise<void> {
  return this.close();
}

/**
 * Lets dynalite 4.0.0 close the iterator of each Query and Scan: it calls `return`, which
 * abstract-level's iterators lack. An open one stays in memory, with all that the tables contained
 * at its time.
 */
export function closeIterators(): void {
  const ofDynalite = createRequire(createRequire(import.meta.url).resolve("dynalite"));
  const level = ofDynalite("abstract-level") as Record<string, { readonly prototype: Closing }>;
  for (const name of ["AbstractKeyIterator", "AbstractValueIterator"]) {
    const iterator = level[name]?.prototype;
    if (iterator === undefined) throw new Error(`abstract-level has no ${name}`);
    Object.assign(iterator, { return: close });
  }
}
