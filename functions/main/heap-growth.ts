import { setFlagsFromString } from "node:v8";

/**
 * How much V8's heap may grow, beyond what was alive after a collection of all of it, until the
 * next one, percent. By default it is up to three times as much, and most of that is frames that
 * were delivered long ago.
 */
const GROWTH_PERCENT = 150;

/**
 * Limits the memory of the function's process. `NODE_OPTIONS` does not take this setting; V8 reads
 * it at each collection.
 */
export function limitHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
