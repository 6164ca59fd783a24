import type { EventHeader } from "../binlog-format/events/event-header.ts";

/** More files than a server can number before it must be reset. */
const FILES_OF_AN_EPOCH = 2 ** 31;

/**
 * The number of a server's run (see `Connection` in wire/session.ts) that began with a file. File numbers start again with
 * a new epoch; what was recorded of the connections of an earlier one must not be found under the same number.
 */
export function runBeginning(epoch: number, fileNumber: number): number {
  return (epoch - 1) * FILES_OF_AN_EPOCH + fileNumber;
}

export interface ServerRunOptions {
  /** The `server_id` of the server that is read. */
  readonly serverId: number;
  readonly epoch: number;
  /** The run that goes on where reading begins; null: it begins with the first file. */
  readonly run: number | null;
  /** Numbers of files after that position in which a run began, whether or not the dump says so. */
  readonly runBeginnings: ReadonlySet<number>;
}

/** The server run whose events are being read. */
export class ServerRun {
  readonly #options: ServerRunOptions;
  #present: number | null;

  constructor(options: ServerRunOptions) {
    this.#options = options;
    this.#present = options.run;
  }

  /** Null before the first file is known. */
  get present(): number | null {
    return this.#present;
  }

  /** Told of a file's first event, which says whether the server had just started. */
  entersFile(fileNumber: number, startedServer: boolean): void {
    const { epoch, runBeginnings } = this.#options;
    if (startedServer || runBeginnings.has(fileNumber) || this.#present === null)
      this.#present = runBeginning(epoch, fileNumber);
  }

  /**
   * The run that a transaction's thread id belongs to. What another server of the topology executed keeps that server's
   * thread ids; its runs are not known here, so all of them count as one, with a number that no own run has.
   */
  of({ serverId }: EventHeader, fileNumber: number): number {
    if (serverId !== this.#options.serverId) return -serverId;
    return this.#present ?? runBeginning(this.#options.epoch, fileNumber);
  }
}
