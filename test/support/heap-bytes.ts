import { queryObjects } from "node:v8";

/** The live memory of V8's heap, bytes. */
export function heapBytes(): number {
  queryObjects(Map, { format: "count" }); // collects all garbage
  return process.memoryUsage().heapUsed;
}
