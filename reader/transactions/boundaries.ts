import type { NameHistory } from "../statements/name-history.ts";
import { NamesSince } from "../statements/names-since.ts";
import type { EventPosition } from "./binlog-position.ts";
import type { ServerRun } from "./server-run.ts";
import { type Anchor, type Boundary, type ChangeSink, gtidOf } from "./transaction.ts";
import type { XaTransactions } from "./xa-transactions.ts";

export interface BoundariesOptions {
  readonly position: EventPosition;
  readonly run: ServerRun;
  readonly xa: XaTransactions;
  readonly sink: Pick<ChangeSink, "boundary">;
  readonly names: Pick<NameHistory, "saved">;
}

/** Passes the boundaries between transactions to the sink, without a new object for each. */
export class Boundaries {
  readonly #options: BoundariesOptions;
  readonly #since = new NamesSince();
  readonly #boundary: { -readonly [K in keyof Boundary]: Boundary[K] } = {
    executed: null,
    alsoExecuted: [],
    file: "",
    offset: 0,
    run: null,
    anchor: null,
    committedMs: 0,
    held: undefined,
    keptXa: [],
    names: undefined,
  };

  constructor(options: BoundariesOptions) {
    this.#options = options;
  }

  /**
   * Passes on the boundary at `offset` of the present file. If prepared XA transactions are in
   * memory only, its position is the start of the oldest one. Its names are then those of every
   * time since, because another server does not send the transactions in between whose GTIDs count
   * as executed.
   */
  pass(
    alsoExecuted: readonly string[],
    executed: Boundary["executed"],
    offset: number,
    anchor: Anchor | null,
    committedMs: number,
  ): void {
    const { position, run, xa, sink, names } = this.#options;
    const boundary = this.#boundary;
    const keptGtids = xa.takeKeptGtids();
    boundary.executed = executed;
    boundary.alsoExecuted = keptGtids.length === 0 ? alsoExecuted : [...alsoExecuted, ...keptGtids];
    boundary.anchor = anchor;
    boundary.committedMs = committedMs;
    boundary.keptXa = xa.kept;
    const waiting = xa.oldest;
    if (waiting === undefined) {
      boundary.held = undefined;
      boundary.file = position.file;
      boundary.offset = offset;
      boundary.run = run.present;
      boundary.names = names.saved;
    } else {
      const { transaction, held } = waiting;
      const { file, start, committedUs } = transaction;
      const gtid = gtidOf(transaction);
      const by = { xid: held.xid, gtid, preparedMs: Math.floor(committedUs / 1000) };
      boundary.held = { by, readTo: { fileNumber: position.fileNumber, offset } };
      boundary.file = file;
      boundary.offset = start;
      boundary.run = waiting.run;
      boundary.names = this.#since.of(waiting.names, names.saved);
    }
    sink.boundary(boundary);
  }
}
