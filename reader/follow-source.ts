import { AttemptReport } from "./attempt-report.ts";
import { runTasks } from "./background-tasks.ts";
import { KeptXaStore } from "./offsets/kept-xa-store.ts";
import type { OffsetStore } from "./offsets/offset-store.ts";
import type { Stop } from "./offsets/reader-item.ts";
import { binlogEvidence } from "./offsets/binlog-evidence.ts";
import type { AskedServer } from "./offsets/short-dump.ts";
import { chooseLanes } from "./offsets/choose-lanes.ts";
import { settledAt, withLanes } from "./offsets/lane-layout.ts";
import { laneItems } from "./offsets/lane-items.ts";
import { LayoutWatch } from "./offsets/layout-watch.ts";
import { findBeginning } from "./offsets/find-beginning.ts";
import { runsAhead } from "./offsets/runs-ahead.ts";
import { buildPipeline, type PipelineOptions } from "./pipeline.ts";
import { OperatorError, StillStoppedError } from "./reporting/errors.ts";
import type { ReaderStatus } from "./reporting/status.ts";
import { ProgressWatch } from "./progress-watch.ts";
import { RowNumbers } from "./snapshot/row-numbers.ts";
import { listConnections } from "./sessions/process-list.ts";
import { ProvenUsers } from "./sessions/proven-users.ts";
import { registersSessions } from "./sessions/registers-sessions.ts";
import { SnapshotConnection } from "./snapshot/snapshot-connection.ts";
import { BinlogDump } from "./source/binlog-dump.ts";
import { connectionOptions, type Credentials } from "./source/connection-options.ts";
import { ControlConnection } from "./source/control-connection.ts";
import { askLogFilter, requireLogged } from "./source/log-filter.ts";
import { fileAgeMs } from "./source/retention.ts";
import { clockAheadMs, serverNowMs } from "./source/server-clock.ts";
import { binlogEnd, readServerState, type ServerState } from "./source/server-state.ts";
import { knownFiles } from "./transactions/known-files.ts";
import { RunBeginnings } from "./offsets/run-beginnings.ts";
import { binlogFileNumber } from "../wire/binlog-file.ts";
import type { BinlogPosition } from "./transactions/binlog-position.ts";

export interface FollowOptions extends PipelineOptions {
  readonly credentials: Credentials;
  readonly store: OffsetStore;
  readonly status: ReaderStatus;
}

const SAVE_EVERY_MS = 1000;
const PACE_EVERY_MS = 1000;
const SNAPSHOT_STEP_MS = 100;
const DRAIN_MS = 12_000;

/**
 * One attempt to follow the source: connects, reads on from the saved offset, and sends the
 * changes. It ends when something fails, when the signal is aborted, or when the number of lanes
 * may change. In the latter two cases it stops reading, sends what it has read, saves the offset,
 * and resolves. After a failure it rejects with the error; the next attempt starts from the saved
 * offset only. Before it rejects with an OperatorError, it has sent every transaction that it read:
 * the operator may let the next attempt start behind them.
 */
export async function followSource(options: FollowOptions, signal: AbortSignal): Promise<void> {
  const { settings, status, lease } = options;
  status.enter("connecting");
  using held = lease.watch();
  const report = new AttemptReport(status, options.log);
  const { offset: saved, stop } = await options.store.load();
  report.expects(saved);
  refuseWhileStopped(stop);
  const connection = await connectionOptions(settings, options.credentials);
  await using control = await ControlConnection.open(connection, settings.silenceMs);
  const state = await Promise.race([readServerState(control.connection), control.broken]);
  const filter = askLogFilter(control.connection, state.version);
  requireLogged(
    await Promise.race([filter, control.broken]),
    settings.tables,
    state.lowerCaseNames,
  );
  report.clock(await Promise.race([clockAheadMs(control.connection), control.broken]));
  const server: AskedServer = {
    connection,
    serverId: settings.replicaServerId,
    serverUuid: state.uuid,
    silenceMs: settings.silenceMs,
  };
  // Fails before reading if the account may not read the process list.
  await Promise.race([listConnections(control.connection, state.version, [0]), control.broken]);
  const finding = new AbortController();
  const asked = { ...server, signal: AbortSignal.any([signal, finding.signal]) };
  const onSearch = (file: string): void =>
    options.log.info({ file }, "searching the binlog for transactions without a GTID");
  const begin = await Promise.race([
    findBeginning({
      store: options.store,
      start: settings.start,
      state,
      evidence: binlogEvidence(asked, control.connection, onSearch),
    }),
    control.broken,
    held.lost,
  ]).finally(() => finding.abort());
  const { start } = begin;
  const readLanes = laneItems(options.dynamodb, settings.offsetsTable);
  const lanes = await Promise.race([
    chooseLanes({
      offset: begin.offset,
      wanted: settings.lanes,
      readLanes,
      onWait: () => status.enter("waiting"),
      log: options.log,
      signal,
    }),
    control.broken,
    held.lost,
  ]);
  // The offset is saved before reading begins: it fixes a new life and the position of a start from
  // "now", and no longer says that everything before it is settled.
  const numbers = RowNumbers.begin(begin.offset.snapshots?.numbers, state);
  const snapshots = begin.offset.snapshots && { ...begin.offset.snapshots, numbers: numbers.free };
  const offset = { ...withLanes(begin.offset, lanes), isSettled: undefined, snapshots };
  await lease.save(offset);
  report.begins(offset, await retentionMs(state, server, control));
  const files = await Promise.race([
    // A dump by GTIDs may begin in a file before the offset's.
    knownFiles(
      start.kind === "gtid" ? state.files : state.files.slice(state.files.indexOf(offset.file)),
      state.gtids,
      binlogEvidence(server, control.connection),
    ),
    control.broken,
  ]);
  const runs = await Promise.race([
    runsAhead(
      { start, offset },
      state,
      binlogEvidence(server, control.connection),
      new RunBeginnings(server, state),
    ),
    control.broken,
  ]);
  const [users, isRegistering] = await Promise.race([
    Promise.all([
      ProvenUsers.begin(control.connection, state.version),
      registersSessions(control.connection),
    ]),
    control.broken,
  ]);
  const keptXa = new KeptXaStore(options.payloads, settings.tables);
  const preparedXa = await keptXa.restore(offset.keptXa);

  // The lanes have a separate signal, so that what was read is still sent after `signal` is
  // aborted.
  const sending = new AbortController();
  const failing = new AbortController();
  let dump: BinlogDump | null = null;
  const pipeline = buildPipeline(options, {
    ...begin,
    offset,
    lanes,
    readsAgain:
      begin.isResumed && begin.offset.laneCount === lanes && !settledAt(begin.offset, null),
    unsure: begin.offset.isSettled === true ? null : endOf(state),
    state,
    runs,
    files,
    preparedXa,
    keptXa,
    connection: control.connection,
    users,
    isRegistering,
    report,
    onPressure: (high) => (high ? dump?.pause("pressure") : dump?.resume("pressure")),
    signal: sending.signal,
    ending: AbortSignal.any([signal, failing.signal, sending.signal]),
    rowNumbers: numbers,
    readLanes,
    connectSnapshot: async () =>
      SnapshotConnection.open(
        await connectionOptions(settings, options.credentials),
        state.version,
        state.uuid,
      ),
  });
  const sent = pipeline.shipment.sendFrames(sending.signal);
  sent.catch(() => undefined);
  try {
    dump = await BinlogDump.start({
      ...server,
      start,
      onEvent: (bytes, from, to, isVerified) => {
        report.event(bytes, from);
        const { reader, tap } = pipeline;
        const handled = reader.onEvent(bytes, from, to, isVerified);
        return handled === undefined ? tap.at(reader) : handled.then(() => tap.at(reader));
      },
    });
    report.follows(offset, state);
    const failures = [dump.ended, sent, held.lost, control.broken];
    const watch = new ProgressWatch(start.kind === "file");
    const { sessions } = pipeline;
    const sweep = async (): Promise<void> => {
      // The end of the moved binlog cannot be compared with what is read.
      if (!runs.isMoved)
        await watch.look(sessions.read, dump?.isPaused === true || dump?.isReceiving === true, () =>
          binlogEnd(control.connection, state.version),
        );
      report.clock(await clockAheadMs(control.connection));
      await sessions.sweep();
    };
    const layout = new LayoutWatch({
      isPending: settings.lanes !== lanes,
      sent: () => pipeline.saver.offset.lanes,
      readLanes,
    });
    const tasks = [
      { everyMs: SAVE_EVERY_MS, act: () => pipeline.saver.save() },
      { everyMs: settings.sweepMs, act: sweep },
      { everyMs: settings.sweepMs, act: () => layout.look() },
      { everyMs: SAVE_EVERY_MS, act: () => pipeline.xaKeeper.look() },
      { everyMs: PACE_EVERY_MS, act: () => pipeline.shipment.lookAtDelivery(readLanes) },
      { everyMs: SNAPSHOT_STEP_MS, act: () => pipeline.snapshots.step() },
    ];
    const { shipment, saver } = pipeline;
    const sendRest = async (until: AbortSignal): Promise<void> => {
      status.enter("stopping");
      pipeline.snapshots[Symbol.dispose]();
      dump?.pause("ended");
      await Promise.race([shipment.drain(until), sent, held.lost, control.broken]);
      await (shipment.isDrained ? saver.settle() : saver.save());
    };
    const onFailure = (error: unknown): void => {
      failing.abort();
      if (!(error instanceof OperatorError)) sending.abort();
    };
    try {
      await runTasks(tasks, failures, AbortSignal.any([signal, layout.signal]), onFailure);
    } catch (error) {
      if (error instanceof OperatorError) {
        // What is in the error's transaction is not delivered, and the stop is not saved until the
        // transactions before it are.
        shipment.withdrawUnfinished();
        await sendRest(signal);
      }
      throw error;
    }
    await sendRest(AbortSignal.timeout(DRAIN_MS));
    report.stopped(saver.offset, shipment.inFlight.settled);
  } finally {
    pipeline.snapshots[Symbol.dispose]();
    sending.abort();
    await dump?.[Symbol.asyncDispose]();
  }
}

/**
 * How long the server keeps its binlog, milliseconds; null when it keeps it for ever. When the
 * account may not read the setting, it is the age of the server's oldest binlog file.
 */
async function retentionMs(
  { retention, oldestFile }: ServerState,
  server: AskedServer,
  { connection, broken }: ControlConnection,
): Promise<number | null> {
  if (retention !== "unknown") return retention === null ? null : retention * 1000;
  const evidence = binlogEvidence(server, connection);
  const oldest = await Promise.race([evidence.beginningOf(oldestFile), broken]);
  const nowMs = await Promise.race([serverNowMs(connection), broken]);
  return fileAgeMs(oldest?.begunS ?? null, nowMs);
}

/** Throws StillStoppedError when an earlier attempt has stopped and waits for an operator. */
function refuseWhileStopped(stop: Stop | null): void {
  if (stop?.isKept === true)
    throw new StillStoppedError(new Date(stop.sinceMs).toISOString(), stop.message);
}

/** The end of the binlog; nothing beyond it has been sent. */
function endOf({ file, offset }: ServerState): BinlogPosition {
  return { fileNumber: binlogFileNumber(file), offset };
}
