import { foreignRun } from "../../wire/session.ts";
import type { EventHeader } from "../binlog-format/events/event-header.ts";
import type { GtidEvent } from "../binlog-format/events/gtid-event.ts";
import { isOwnThread } from "./own-thread.ts";

/**
 * File numbers modulo this stand beside the second in which a run began: a second holds only a few
 * files.
 */
const FILES = 2 ** 20;

/**
 * The number of a server's run (see `Connection` in wire/session.ts): the second in which the
 * server started, and the file that it began then. File numbers alone come again after a reset or
 * in another directory.
 */
export function runBeginning(startedS: number, fileNumber: number): number {
  return startedS * FILES + (fileNumber % FILES);
}

export interface ServerRunOptions {
  /** The `server_id` of the server that is read. */
  readonly serverId: number;
  /** The run that goes on where reading begins. */
  readonly run: number;
  /**
   * When the server started, seconds since 1970, by the numbers of files after that position that a
   * run began with.
   */
  readonly runBeginnings: ReadonlyMap<number, number>;
}

/** The server run whose events are being read. */
export class ServerRun {
  readonly #options: ServerRunOptions;
  #present: number;

  constructor(options: ServerRunOptions) {
    this.#options = options;
    this.#present = options.run;
  }

  get present(): number {
    return this.#present;
  }

  /**
   * Told of a file's first event: `startedS` is when the server had just started, seconds since
   * 1970, else 0.
   */
  entersFile(fileNumber: number, startedS: number): void {
    const began = startedS === 0 ? this.#options.runBeginnings.get(fileNumber) : startedS;
    if (began !== undefined) this.#present = runBeginning(began, fileNumber);
  }

  /**
   * The run that a transaction's thread id belongs to; a `foreignRun` where the id is not one of
   * this server.
   */
  of({ serverId }: EventHeader, gtid: GtidEvent | null): number {
    const isOwn = isOwnThread({ serverId, gtid }, this.#options.serverId);
    return isOwn ? this.#present : foreignRun(serverId);
  }
}
