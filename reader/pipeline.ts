import { getHeapStatistics } from "node:v8";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Connection } from "mysql2/promise";
import type { LeanSends } from "./frames/lean-sends.ts";
import { formatPosition } from "../wire/position.ts";
import type { AttemptReport } from "./attempt-report.ts";
import { frameSender } from "./frames/frame-sender.ts";
import type { PayloadBucket } from "./frames/payload-bucket.ts";
import { laneFor, Shipment } from "./frames/shipment.ts";
import type { laneItems } from "./offsets/lane-items.ts";
import type { LeaseKeeper } from "./offsets/lease-keeper.ts";
import { binlogPosition, followedPositions } from "./offsets/offset.ts";
import type { Beginning } from "./offsets/beginning.ts";
import { OffsetSaver } from "./offsets/offset-saver.ts";
import type { RunsAhead } from "./offsets/runs-ahead.ts";
import type { Log } from "./reporting/log.ts";
import { retry } from "./reporting/retry.ts";
import { registeredAuthor } from "./sessions/ledger-row.ts";
import { listConnections, takeCensus } from "./sessions/process-list.ts";
import type { ProvenUsers } from "./sessions/proven-users.ts";
import { SessionBook } from "./sessions/session-book.ts";
import { SessionsTable } from "./sessions/sessions-table.ts";
import type { ReaderSettings } from "./settings.ts";
import type { ServerState } from "./source/server-state.ts";
import type { PreparedXa } from "./transactions/prepared-xa.ts";
import { XaKeeper } from "./xa-keeper.ts";
import type { KeptXaStore } from "./offsets/kept-xa-store.ts";
import type { BinlogPosition } from "./transactions/binlog-position.ts";
import type { ChangeSink } from "./transactions/transaction.ts";
import { listOf } from "./transactions/transaction-list.ts";
import { LastChangeMarker } from "./transactions/last-change-marker.ts";
import { FollowedTables } from "./statements/followed-tables.ts";
import { NameHistory } from "./statements/name-history.ts";
import { RowsIntoStream } from "./snapshot/hand-over.ts";
import { OrderStore } from "./snapshot/order-store.ts";
import type { RowNumbers } from "./snapshot/row-numbers.ts";
import type { SnapshotConnection } from "./snapshot/snapshot-connection.ts";
import { Snapshots } from "./snapshot/snapshots.ts";
import { StreamTap } from "./snapshot/stream-tap.ts";
import type { KnownFiles } from "./transactions/known-files.ts";
import { PresentRun } from "./transactions/present-run.ts";
import { TransactionReader } from "./transactions/transaction-reader.ts";

/** The parts that outlive an attempt. */
export interface PipelineOptions {
  readonly settings: ReaderSettings;
  readonly sends: LeanSends;
  readonly payloads: PayloadBucket;
  readonly dynamodb: DynamoDBClient;
  readonly lease: LeaseKeeper;
  readonly log: Log;
}

/** The state that an attempt found and the connections that it opened. */
export interface Attempt {
  readonly state: ServerState;
  /** Where the attempt begins to read. */
  readonly offset: Beginning["offset"];
  /** Whether a reader saved this offset on this server; false when it was made for this attempt. */
  readonly isResumed: boolean;
  /**
   * Whether the lanes have sent changes behind the offset, in this life and with this number of
   * lanes. They are read again, and the lanes skip them.
   */
  readonly readsAgain: boolean;
  readonly lanes: number;
  /** See `settledAt` of reader/offsets/lane-layout.ts. */
  readonly unsure: BinlogPosition | null;
  readonly runs: RunsAhead;
  /** The binlog files from the offset on. */
  readonly files: KnownFiles;
  /** The prepared XA transactions that the offset names. */
  readonly preparedXa: readonly PreparedXa[];
  readonly keptXa: KeptXaStore;
  /** For queries to the server. */
  readonly connection: Connection;
  readonly users: ProvenUsers;
  /** Whether each new connection registers itself, see `registersSessions`. */
  readonly isRegistering: boolean;
  readonly report: AttemptReport;
  /** Back-pressure changed: true = pause reading, false = resume. */
  readonly onPressure: (high: boolean) => void;
  /** Cancels sending and unanswered lookups. */
  readonly signal: AbortSignal;
  /** Aborted when the attempt ends, by a failure or by the reader's shutdown. */
  readonly ending: AbortSignal;
  readonly rowNumbers: RowNumbers;
  /** Reads the lanes' progress as the route function saved it. */
  readonly readLanes: ReturnType<typeof laneItems>;
  /** Opens a connection for the rows of a snapshot. */
  readonly connectSnapshot: () => Promise<SnapshotConnection>;
}

/** The parts that carry the dump's events to the raw queue and the saved offset. */
export interface Pipeline {
  readonly reader: TransactionReader;
  readonly sessions: SessionBook;
  readonly shipment: Shipment;
  readonly saver: OffsetSaver;
  readonly xaKeeper: XaKeeper;
  readonly tap: StreamTap;
  readonly snapshots: Snapshots;
}

/** Builds and connects the parts of one attempt. */
export function buildPipeline(options: PipelineOptions, attempt: Attempt): Pipeline {
  const presentRun = new PresentRun(attempt.runs.presentRunFile);
  const sessions = sessionBook(options, attempt, presentRun, () => reader.run);
  const shipment = shipmentOf(options, attempt, presentRun, sessions);
  const followed = new FollowedTables({
    patterns: options.settings.tables,
    statementTables: options.settings.statementTables,
    ledger: options.settings.ledgerTable,
    lowerCase: attempt.state.lowerCaseNames,
  });
  const tap = new StreamTap(
    options.settings.columns ? new LastChangeMarker(shipment) : shipment,
    attempt.offset.gtidSet ?? "",
  );
  const names = new NameHistory({
    filtered: options.settings.filteredNames,
    lowerCase: attempt.state.lowerCaseNames,
    saved: attempt.offset.names,
  });
  const tables = { followed, names };
  const reader = transactionReader(options, attempt, presentRun, sessions, tables, tap);
  const saver = new OffsetSaver({
    offset: attempt.offset,
    takeProgress: () => shipment.inFlight.take(),
    laneCount: attempt.lanes,
    unsure: attempt.unsure,
    lanes: () => new Map([...attempt.offset.lanes, ...shipment.lastPositions]),
    before: (offset, readTo) => sessions.record(binlogPosition(offset), offset.run, readTo),
    write: (offset) => options.lease.save(offset),
    onSaved: (offset) => attempt.report.saved(offset, shipment.inFlight.areChangesSettled),
    log: options.log,
  });
  const xaKeeper = new XaKeeper({
    xa: reader.xa,
    afterMs: options.settings.keepXaAfterMs,
    authorsOf: (transactions) => sessions.authorsOf(listOf(transactions)),
    write: (key, held) => attempt.keptXa.write(key, held),
    log: options.log,
  });
  const { report, rowNumbers: numbers } = attempt;
  const { settings, dynamodb, log } = options;
  const snapshots = new Snapshots({
    initial: { source: settings.source, pairs: settings.initialSnapshots },
    orders: new OrderStore(dynamodb, settings.offsetsTable),
    savedSnapshots: () => saver.offset.snapshots,
    changeSnapshots: (change) => saver.changeSnapshots(change),
    saved: () => saver.saved(),
    connect: attempt.connectSnapshot,
    hasGtids: attempt.state.gtids,
    followed,
    numbers,
    rows: new RowsIntoStream(shipment, numbers, attempt.state.serverId),
    inFlight: shipment.inFlight,
    tap,
    columns: settings.columns,
    formerNames: (database, table) => names.of(database, table),
    lagMs: () => report.lagMs,
    isDelivered: async ({ name: { database, table }, fileNumber, offset, row }) => {
      const lane = laneFor(database, table, attempt.lanes);
      const found = await attempt.readLanes([lane]).catch(() => null);
      const { epoch } = attempt.offset;
      const position = formatPosition({ epoch, file: fileNumber, offset, row });
      return (found?.get(lane)?.delivered ?? "") >= position;
    },
    relief: () => shipment.relief(),
    counters: report.counters,
    onStopped: (isStopped) => report.snapshotStopped(isStopped),
    ending: attempt.ending,
    log,
  });
  return { reader, sessions, shipment, saver, xaKeeper, tap, snapshots };
}

/** `runRead`: the server run whose events are being read. */
function sessionBook(
  { settings, dynamodb, log }: PipelineOptions,
  { state, offset, connection, users, isRegistering, report, signal }: Attempt,
  presentRun: PresentRun,
  runRead: () => number | null,
): SessionBook {
  const table = new SessionsTable(dynamodb, settings.sessionsTable);
  const retries = {
    log,
    message: "the sessions table cannot be reached",
    firstWaitMs: 100,
    longestWaitMs: 5000,
    signal,
  };
  return new SessionBook({
    epoch: offset.epoch,
    server: state.uuid,
    isOfThisRun: (transaction) => presentRun.includes(transaction),
    presentRun: () => (presentRun.isReached ? runRead() : null),
    table: {
      // Retried until it succeeds: a failed lookup would lose what the process list answered, and
      // its connections may be closed by now.
      find: (connections) => retry(retries, () => table.find(connections)),
      record: (known) => table.record(known),
      // The first attempt is made also while the reader stops, so that its last frames are sent.
      recordSurely: (known) =>
        table.record(known).catch(() => retry(retries, () => table.record(known))),
      refresh: (open) => table.refresh(open),
    },
    ask: (threads) => listConnections(connection, state.version, threads),
    prove: (threads) => users.prove(threads),
    isRegistering,
    takeCensus: () => takeCensus(connection, state.version),
    onUserChanged: (thread) => report.userChanged(thread),
    onDisagreement: (transaction) => report.disagreement(transaction),
  });
}

function shipmentOf(
  { settings, sends, payloads, lease, log }: PipelineOptions,
  { state, offset, readsAgain, lanes, report, onPressure }: Attempt,
  presentRun: PresentRun,
  sessions: SessionBook,
): Shipment {
  return new Shipment({
    binlog: {
      source: settings.source,
      epoch: offset.epoch,
      life: offset.life,
      server: state.uuid,
      lowerCaseNames: state.lowerCaseNames,
    },
    lanes,
    previous: followedPositions(offset),
    repeats: readsAgain,
    frameSizes: settings.frameSizes,
    delayMs: settings.delayMs,
    unsentLimitBytes: settings.unsentLimitBytes,
    sessions,
    send: frameSender({
      sends,
      payloads,
      life: offset.life,
      assertHeld: () => lease.assertHeld(),
      onSent: (frame) => report.frameSent(frame),
      log,
    }),
    onPressure,
    onTransaction: (transaction) => {
      presentRun.passes(transaction);
      report.transaction(transaction);
    },
  });
}

function transactionReader(
  { settings }: PipelineOptions,
  { state, offset, isResumed, runs, files, preparedXa, report }: Attempt,
  presentRun: PresentRun,
  sessions: SessionBook,
  { followed, names }: { readonly followed: FollowedTables; readonly names: NameHistory },
  sink: ChangeSink,
): TransactionReader {
  return new TransactionReader({
    followed,
    names,
    onLedgerRow: (transaction, op, row) => {
      const author = registeredAuthor({ op, row }, transaction.thread);
      if (author === null) return;
      presentRun.passes(transaction);
      sessions.register(transaction, author);
      report.registration();
    },
    onUnknownXa: (commit) => report.unknownXa(commit, isResumed),
    onUnloggedEnd: (prepare) => report.unloggedEnd(prepare),
    onRead: (fileNumber, end) => sessions.read.advance(fileNumber, end),
    serverId: state.serverId,
    serverUuid: state.uuid,
    heldLimitBytes: getHeapStatistics().heap_size_limit / 4,
    preparedXa,
    sink,
    columns: settings.columns,
    run: runs.run,
    runBeginnings: runs.runBeginnings,
    nameOf: runs.nameOf,
    files,
    checksums: true,
    anchor: offset.anchor,
    passed: isResumed ? offset : null,
  });
}
