declare module "dynalite" {
  import type { Server } from "node:http";

  /**
   * An HTTP server that also answers requests without listening. `path`: the directory of a
   * LevelDB; left out: in memory.
   */
  export default function dynalite(options?: {
    readonly path?: string;
    readonly createTableMs?: number;
    readonly deleteTableMs?: number;
    readonly updateTableMs?: number;
  }): Server;
}
