import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { AttemptReport } from "./attempt-report.ts";
import type { OffsetStore } from "./offsets/offset-store.ts";
import type { Offset } from "./offsets/offset.ts";
import { dumpStart, firstOffset, resumeOffset } from "./offsets/resume-offset.ts";
import { buildPipeline, type Pipeline, type PipelineOptions } from "./pipeline.ts";
import type { ReaderStatus } from "./reporting/status.ts";
import { BinlogDump } from "./source/binlog-dump.ts";
import { connectionOptions, type Credentials } from "./source/connection-options.ts";
import { ControlConnection } from "./source/control-connection.ts";
import { isGtidSubset, readServerState, type ServerState } from "./source/server-state.ts";
import { runBeginnings } from "./transactions/run-beginnings.ts";

export interface FollowOptions extends PipelineOptions {
  readonly credentials: Credentials;
  readonly store: OffsetStore;
  readonly status: ReaderStatus;
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
  const { settings, status, lease } = options;
  status.enter("connecting");
  const report = new AttemptReport(status, options.log);
  const connection = await connectionOptions(settings, options.credentials);
  await using control = await ControlConnection.open(connection, settings.silenceMs);
  const begin = await Promise.race([findBeginning(options, control), control.broken]);
  const { state, offset } = begin;
  report.begins(offset, state);
  const server = {
    connection,
    serverId: settings.replicaServerId,
    serverUuid: state.uuid,
    silenceMs: settings.silenceMs,
  };
  const laterFiles = state.files.slice(state.files.indexOf(offset.file) + 1);
  const beginnings = await runBeginnings({
    ...server,
    control: control.connection,
    files: [offset.file, ...laterFiles],
  });

  // The lanes have a signal of their own: what was read is still sent when the reader is told to end.
  const sending = new AbortController();
  let dump: BinlogDump | null = null;
  const pipeline = buildPipeline(options, {
    ...begin,
    runBeginnings: beginnings,
    connection: control.connection,
    report,
    onPressure: (high) => (high ? dump?.pause("pressure") : dump?.resume("pressure")),
    signal: sending.signal,
  });
  const lanes = pipeline.shipment.sendFrames(sending.signal);
  lanes.catch(() => undefined);
  try {
    dump = await BinlogDump.start({
      ...server,
      start: dumpStart(offset),
      onEvent: (event) => {
        report.event(event);
        return pipeline.reader.onEvent(event);
      },
    });
    report.follows(offset, state);
    const failures = [dump.ended, lanes, lease.lost, control.broken];
    await saveAndSweep(pipeline, settings.sweepMs, failures, signal, sending);
    status.enter("stopping");
    dump.pause("ended");
    await Promise.race([pipeline.shipment.drain(DRAIN_MS), lanes]);
    await pipeline.saver.save();
    report.stopped(pipeline.saver.offset, pipeline.shipment.inFlight.settled);
  } finally {
    sending.abort();
    await dump?.[Symbol.asyncDispose]();
  }
}

/** Asks the server what it is, and finds the offset to read from. */
async function findBeginning(
  { settings, store, lease }: FollowOptions,
  { connection }: ControlConnection,
): Promise<{ state: ServerState; offset: Offset; isResumed: boolean }> {
  const state = await readServerState(connection);
  const { offset: saved, newStart } = await store.load();
  const known =
    saved ?? firstOffset(newStart?.start ?? settings.start, newStart?.epoch ?? 1, state);
  const offset = await resumeOffset(known, state, (subset, set) =>
    isGtidSubset(connection, subset, set),
  );
  // Saved before anything is read: a first start from "now" stays where it was, a new epoch stays new.
  if (offset !== saved) await lease.save(offset);
  return { state, offset, isResumed: offset === saved };
}

/**
 * Saves the offset and looks at the process list again and again. Resolves when the signal is aborted; rejects with the
 * first failure, after which nothing is sent any more.
 */
async function saveAndSweep(
  { saver, sessions }: Pipeline,
  sweepMs: number,
  failures: readonly Promise<never>[],
  signal: AbortSignal,
  sending: AbortController,
): Promise<void> {
  const abort = signal.aborted ? undefined : once(signal, "abort");
  const background = new AbortController();
  const tasks = [
    every(SAVE_EVERY_MS, background.signal, () => saver.save()),
    every(sweepMs, background.signal, () => sessions.sweep()),
  ];
  try {
    await Promise.race([...failures, ...tasks, abort]);
  } finally {
    background.abort();
    if (!signal.aborted) sending.abort();
    await Promise.race([Promise.allSettled(tasks), delay(TASKS_MS)]);
  }
}

/** Calls `act` again and again, `waitMs` after it finished, until the signal is aborted; resolves then. Rejects with what `act` threw. */
async function every(waitMs: number, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await act();
    await delay(waitMs, undefined, { signal }).catch(() => undefined); // an abort ends the loop
  }
}
