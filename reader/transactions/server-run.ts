import { foreignRun } from "../../wire/session.ts";
import type { EventHeader } from "../binlog-format/events/event-header.ts";
import type { GtidEvent } from "../binlog-format/events/gtid-event.ts";
import { isOwnThread, type OwnServer } from "./own-thread.ts";

/**
 * The modulus of the file number in a run's number; within one second a server begins only a few
 * files.
 */
const FILES = 2 ** 20;

/**
 * The number of a server's run (see `Connection` in wire/session.ts), from the second in which the
 * server started and the file that it began then. File numbers alone can repeat after a reset or in
 * another directory.
 */
export function runBeginning(startedS: number, fileNumber: number): number {
  return startedS * FILES + (fileNumber % FILES);
}

/** A run's number with another second in it. */
export function runOfSecond(run: number, second: number): number {
  return runBeginning(second, beganFile(run));
}

/** The number of the file that a run began, as far as the run's number has it. */
export function beganFile(run: number): number {
  return run % FILES;
}

export interface ServerRunOptions extends OwnServer {
  /** The server run at the position where reading begins. */
  readonly run: number;
  /**
   * When the server started, seconds since 1970, by the numbers of the files after that position
   * with which a run began and whose first event may not say so in the dump.
   */
  readonly runBeginnings: ReadonlyMap<number, number>;
  /** Gives a run the name that it has in this life (see reader/offsets/own-runs.ts). */
  readonly nameOf: (run: number) => number;
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
   * Called at a file's first event. `startedS`: the server's start, seconds since 1970, if the file
   * was begun then; else 0.
   */
  entersFile(fileNumber: number, startedS: number): void {
    const began = startedS === 0 ? this.#options.runBeginnings.get(fileNumber) : startedS;
    if (began === undefined) return;
    this.#present = this.#options.nameOf(runBeginning(began, fileNumber));
  }

  /**
   * The run that a transaction's thread id belongs to; a `foreignRun` when the id is not one of
   * this server.
   */
  of({ serverId }: EventHeader, gtid: GtidEvent | null): number {
    const isOwn = isOwnThread({ serverId, gtid }, this.#options);
    return isOwn ? this.#present : foreignRun(serverId);
  }
}
