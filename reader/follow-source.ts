import { setTimeout as delay } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { binlogFileNumber } from "../wire/binlog-file.ts";
import { tableMatcher } from "../wire/table-patterns.ts";
import { backoffMs } from "../wire/backoff.ts";
import { every } from "./every.ts";
import { frameSender } from "./frames/frame-sender.ts";
import type { SendFrame } from "./frames/lane.ts";
import { describeError, type Log } from "./reporting/log.ts";
import type { LeaseKeeper } from "./offsets/lease-keeper.ts";
import { describeOffset, type Offset } from "./offsets/offset.ts";
import { OffsetSaver } from "./offsets/offset-saver.ts";
import type { OffsetStore } from "./offsets/offset-store.ts";
import { dumpStart, firstOffset, resumeOffset } from "./offsets/resume-offset.ts";
import { listConnections, takeCensus } from "./sessions/process-list.ts";
import { registeredAuthor } from "./sessions/ledger-row.ts";
import { SessionBook } from "./sessions/session-book.ts";
import { SessionsTable } from "./sessions/sessions-table.ts";
import type { ReaderSettings } from "./settings.ts";
import { Shipment } from "./frames/shipment.ts";
import { BinlogDump } from "./source/binlog-dump.ts";
import { connectionOptions, type Credentials } from "./source/connection-options.ts";
import { ControlConnection } from "./source/control-connection.ts";
import { isGtidSubset, readServerState, type ServerState } from "./source/server-state.ts";
import type { ReaderStatus } from "./reporting/status.ts";
import { runBeginnings } from "./transactions/run-beginnings.ts";
import { LastChangeMarker } from "./transactions/last-change-marker.ts";
import { PresentRun } from "./transactions/present-run.ts";
import { TransactionReader } from "./transactions/transaction-reader.ts";

export interface FollowOptions {
  readonly settings: ReaderSettings;
  readonly credentials: Credentials;
  readonly sqs: SQSClient;
  readonly s3: S3Client;
  readonly dynamodb: DynamoDBClient;
  readonly store: OffsetStore;
  readonly lease: LeaseKeeper;
  readonly status: ReaderStatus;
  readonly log: Log;
}

const SAVE_EVERY_MS = 1000;
const DRAIN_MS = 12_000;
/** How long what is under way in the background may take to end. */
const TASKS_MS = 3000;

/**
 * One attempt to follow the source: connects, goes on from the saved offset, and sends what comes, until something breaks
 * or the signal is aborted. Rejects with what broke; nothing but the saved offset is carried to the next attempt. On abort
 * it stops reading, sends what was read, saves the offset, and resolves.
 */
export async function followSource(options: FollowOptions, signal: AbortSignal): Promise<void> {
  const { settings, status, log } = options;
  status.enter("connecting");
  const connection = await connectionOptions(settings, options.credentials);
  await using control = await ControlConnection.open(connection, settings.silenceMs);
  const { state, offset, isResumed } = await Promise.race([
    prepare(options, control),
    control.broken,
  ]);
  status.retentionMs = state.retentionMs;
  status.startsAt(offset.committedMs);

  const beginnings = await runBeginnings({
    connection,
    serverId: settings.replicaServerId,
    serverUuid: state.uuid,
    silenceMs: settings.silenceMs,
    files: state.files.slice(state.files.indexOf(offset.file) + 1),
  });

  // The lanes have a signal of their own: what was read is still sent when the reader is told to end.
  const sending = new AbortController();
  const run = new PresentRun(state);
  const sessions = sessionBook(options, control, {
    state,
    epoch: offset.epoch,
    run,
    presentRun: () => (run.isReached ? reader.run : null),
    signal: sending.signal,
  });
  let dump: BinlogDump | null = null;
  const shipment = new Shipment({
    binlog: { source: settings.source, epoch: offset.epoch, server: state.uuid },
    lanes: settings.lanes,
    previous: offset.lanes,
    frameBytes: settings.frameBytes,
    unsentLimitBytes: settings.unsentLimitBytes,
    sessions,
    send: countingSender(options),
    onPressure: (high) => (high ? dump?.pause("pressure") : dump?.resume("pressure")),
    onTransaction: (transaction) => {
      run.passes(transaction);
      status.counters.transactions++;
      status.behindSince(transaction.committedUs / 1000);
    },
  });
  const reader = new TransactionReader({
    isWanted: tableMatcher(settings.tables),
    isLedger: tableMatcher([settings.ledgerTable]),
    onLedgerRow: (transaction, row) => {
      const author = registeredAuthor(row, transaction.thread);
      if (author === null) return;
      run.passes(transaction);
      sessions.register(transaction, author);
      status.counters.registrations++;
    },
    onUnknownXa: (commit) => {
      status.counters.unknownXa++;
      log.error(
        commit,
        isResumed
          ? "an XA transaction was committed that was prepared before the place where this reader began: changes of it that were not delivered before are not delivered"
          : "an XA transaction was committed that was prepared before the place where reading began: its changes are not delivered",
      );
    },
    onRead: (fileNumber, end) => sessions.read.advance(fileNumber, end),
    serverId: state.serverId,
    heldLimitBytes: getHeapStatistics().heap_size_limit / 4,
    epoch: offset.epoch,
    sink: settings.columns ? new LastChangeMarker(shipment) : shipment,
    columns: settings.columns,
    run: offset.run,
    runBeginnings: beginnings,
    checksums: state.checksums,
    passed: isResumed ? offset : null,
  });
  const saver = new OffsetSaver({
    offset,
    takeProgress: () => shipment.inFlight.take(),
    lanes: () => shipment.lastPositions,
    before: () => {
      const { file, offset: place, run: itsRun } = saver.offset;
      return sessions.record({ fileNumber: binlogFileNumber(file), offset: place }, itsRun);
    },
    write: (reached) => options.lease.save(reached),
    onSaved: (saved) =>
      status.reached(saved.committedMs, shipment.inFlight.settled, describeOffset(saved)),
    log,
  });

  const lanes = shipment.sendFrames(sending.signal);
  lanes.catch(() => undefined);
  try {
    dump = await BinlogDump.start({
      connection,
      serverId: settings.replicaServerId,
      serverUuid: state.uuid,
      start: dumpStart(offset),
      silenceMs: settings.silenceMs,
      onEvent: (event) => {
        status.enter("streaming");
        status.hears(event[4] ?? 0, event.readUInt32LE(0) * 1000);
        return reader.onEvent(event);
      },
    });
    log.info(
      {
        offset: describeOffset(offset),
        epoch: offset.epoch,
        server: state.uuid,
        version: state.version,
        retentionMs: state.retentionMs,
      },
      "following the binlog",
    );

    const background = new AbortController();
    const tasks = [
      every(SAVE_EVERY_MS, background.signal, () => saver.save()),
      every(settings.sweepMs, background.signal, () => sessions.sweep()),
    ];
    try {
      await Promise.race([
        dump.ended,
        lanes,
        options.lease.lost,
        control.broken,
        ...tasks,
        aborted(signal),
      ]);
    } finally {
      background.abort();
      if (!signal.aborted) sending.abort();
      await Promise.race([Promise.allSettled(tasks), delay(TASKS_MS)]);
    }
    status.enter("stopping");
    dump.pause("ended");
    await Promise.race([shipment.drain(DRAIN_MS), lanes]);
    await saver.save();
    log.info(
      { offset: describeOffset(saver.offset), settled: shipment.inFlight.settled },
      "stopped following the binlog",
    );
  } finally {
    sending.abort();
    await dump?.[Symbol.asyncDispose]();
  }
}

/** Asks the server what it is, and finds the place from which to go on. */
async function prepare(
  { settings, store, lease }: FollowOptions,
  control: ControlConnection,
): Promise<{ state: ServerState; offset: Offset; isResumed: boolean }> {
  const state = await readServerState(control.connection);
  const { offset: saved, newStart } = await store.load();
  const isSubset = (subset: string, set: string): Promise<boolean> =>
    isGtidSubset(control.connection, subset, set);
  const known =
    saved ?? firstOffset(newStart?.start ?? settings.start, newStart?.epoch ?? 1, state);
  const offset = await resumeOffset(known, state, isSubset);
  // Saved before anything is read: a first start from "now" stays where it was, a new epoch stays new.
  if (offset !== saved) await lease.save(offset);
  return { state, offset, isResumed: offset === saved };
}

function sessionBook(
  { settings, dynamodb, status, log }: FollowOptions,
  { connection }: ControlConnection,
  stream: {
    readonly state: ServerState;
    readonly epoch: number;
    readonly run: PresentRun;
    readonly presentRun: () => number | null;
    /** Ends questions that find no answer. */
    readonly signal: AbortSignal;
  },
): SessionBook {
  const { state, epoch, run, presentRun, signal } = stream;
  const table = new SessionsTable(dynamodb, settings.sessionsTable);
  return new SessionBook({
    epoch,
    server: state.uuid,
    isOfThisRun: (transaction) => run.includes(transaction),
    presentRun,
    table: {
      find: (connections) => patiently(log, signal, () => table.find(connections)),
      record: (known) => table.record(known),
    },
    ask: (threads) => listConnections(connection, threads),
    takeCensus: () => takeCensus(connection, state.version),
    onUserChanged: (thread) => {
      status.counters.userChanges++;
      log.warn({ thread }, "a connection changed its user while it was open (COM_CHANGE_USER)");
    },
  });
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5000;

/** Asks DynamoDB until it answers: what the process list said meanwhile is not to be lost, its connections may be gone. */
async function patiently<T>(log: Log, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      const waitMs = Math.round(backoffMs(failures, FIRST_WAIT_MS, LONGEST_WAIT_MS));
      log.warn(
        { error: describeError(error), failures: failures + 1, waitMs },
        "the sessions table cannot be asked",
      );
      await delay(waitMs, undefined, { signal });
    }
  }
}

function countingSender({ settings, sqs, s3, lease, status, log }: FollowOptions): SendFrame {
  const send = frameSender({
    sqs,
    s3,
    queueUrl: settings.rawQueueUrl,
    payloadBucket: settings.payloadBucket,
    assertHeld: () => lease.assertHeld(),
    log,
  });
  return async (frame, signal) => {
    await send(frame, signal);
    status.counters.frames++;
    status.counters.frameBytes += frame.text.length;
    status.counters.changes += frame.changes;
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}
