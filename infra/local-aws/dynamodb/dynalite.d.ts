declare module "dynalite" {
  import type { Server } from "node:http";

  /** A DynamoDB in memory: an HTTP server that need not listen to answer requests. */
  export default function dynalite(options?: {
    readonly createTableMs?: number;
    readonly deleteTableMs?: number;
    readonly updateTableMs?: number;
  }): Server;
}
