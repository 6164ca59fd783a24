import { once } from "node:events";
import { getHeapStatistics } from "node:v8";
import type { PositionedFrame } from "../../functions/frame/read-frame.ts";
import { OffsetStore } from "../../reader/offsets/offset-store.ts";
import { listConnections } from "../../reader/sessions/process-list.ts";
import { registeredAuthor } from "../../reader/sessions/ledger-row.ts";
import { CONNECTIONS_KEPT } from "../../reader/sessions/remembered-sessions.ts";
import { SessionBook } from "../../reader/sessions/session-book.ts";
import { SessionsTable } from "../../reader/sessions/sessions-table.ts";
import { BinlogDump } from "../../reader/source/binlog-dump.ts";
import type { ServerState } from "../../reader/source/server-state.ts";
import { FollowedTables } from "../../reader/statements/followed-tables.ts";
import { NameHistory } from "../../reader/statements/name-history.ts";
import { namesAtAnyTime } from "../../reader/statements/saved-names.ts";
import { filesOfOneName, knownFiles } from "../../reader/transactions/known-files.ts";
import { LastChangeMarker } from "../../reader/transactions/last-change-marker.ts";
import { PresentRun } from "../../reader/transactions/present-run.ts";
import { RunBeginnings } from "../../reader/offsets/run-beginnings.ts";
import {
  type RowChange,
  type Transaction,
  writingOf,
} from "../../reader/transactions/transaction.ts";
import { TransactionReader } from "../../reader/transactions/transaction-reader.ts";
import type { UnknownXa } from "../../reader/transactions/xa-transactions.ts";
import { binlogFileNumber } from "../../wire/binlog-file.ts";
import type { Target } from "../shared/target.ts";
import { BoundCheck, type Bounds, type SetBack } from "./bounds.ts";
import { fromRecorded } from "./from-recorded.ts";
import { findRecorded, RecordedPosition } from "./recorded-position.ts";
import { isUnreadRun, type RunNames, runNames } from "./run-names.ts";
import { StretchFrames } from "./stretch-frames.ts";
import type { TracedServer } from "./traced-server.ts";
import type { TracedSource } from "./traced-source.ts";

/** How far a stretch was read. */
export interface Reached {
  readonly fileNumber: number;
  readonly offset: number;
}

export interface StretchOptions {
  readonly target: Pick<Target, "dynamodb" | "offsetsTable" | "sessionsTable">;
  readonly source: Omit<TracedSource, "address" | "credentials" | "routing">;
  readonly server: TracedServer;
  readonly bounds: Bounds;
  /** Selects the changes to return; all when omitted. */
  readonly wants?: (change: RowChange) => boolean;
  /**
   * Receives the frames of one part of the stretch, at least one. The next part waits for the
   * returned promise.
   */
  readonly onFrames: (frames: readonly PositionedFrame[]) => Promise<void>;
  /**
   * Called for the commit of an XA transaction that was prepared before the stretch. Its changes
   * are not in the stretch.
   */
  readonly onUnknownXa: (commit: UnknownXa) => void;
  readonly onRead?: (reached: Reached) => void;
  /**
   * Called once, if the server's clock was set back in what is read, past a bound of the stretch:
   * changes may be missing from the stretch, or be in it without need. `note` says so.
   */
  readonly onSetBack?: (note: string) => void;
  /**
   * How long changes may wait for others to share their frames; when omitted, only the size ends a
   * part.
   */
  readonly lingerMs?: number;
  /** How many connections are remembered; CONNECTIONS_KEPT when omitted. */
  readonly connectionsKept?: number;
  /** Stops reading when aborted. */
  readonly signal?: AbortSignal;
}

/**
 * The approximate size of a part, bytes. It is constant, so that a stretch that is read again has
 * the same parts.
 */
const PART_BYTES = 512 * 1024;
const NO_LIFE = { epoch: 1, life: null, laneCount: 1 } as const;

/**
 * Reads a stretch of the binlog and the authors of its changes, with the reader's code and on
 * separate connections. It holds no lease and writes nothing; from the sessions table it reads what
 * the reader recorded. Resolves at the end of the stretch or when the signal is aborted. Rejects
 * when a connection breaks or reading fails.
 */
export async function readStretch(options: StretchOptions): Promise<void> {
  const { target, server, source, signal, connectionsKept = CONNECTIONS_KEPT } = options;
  const { state, asked, offset } = server;
  const bounds = fromRecorded(options.bounds, server);
  const { epoch, life, laneCount } = offset ?? NO_LIFE;
  const check = new BoundCheck(bounds, epoch);
  const beginnings = new RunBeginnings(asked, state);
  const names = await runNames(server, bounds, beginnings);
  const named = renaming(names.of);
  const recorded = new RecordedPosition(
    new OffsetStore(target.dynamodb, target.offsetsTable),
    server.isSameLife ? offset : null,
  );
  const sessions = await sessionBook({ ...options, bounds }, epoch, recorded, beginnings);
  const files = await knownFiles(filesFrom(state, bounds.file), state.gtids, server.evidence);
  const ended = Promise.withResolvers<void>();
  let handled = Promise.resolve();
  let isSetBack = false;

  function includes(transaction: Transaction, change: RowChange): boolean {
    const setBack = isSetBack ? null : check.see(transaction);
    if (setBack !== null) {
      isSetBack = true;
      options.onSetBack?.(setBackNote(setBack));
    }
    return options.wants?.(change) !== false && check.includes(transaction, change);
  }

  const frames = new StretchFrames({
    binlog: {
      source: source.name,
      epoch,
      life,
      server: state.uuid,
      lowerCaseNames: state.lowerCaseNames,
    },
    lanes: laneCount ?? 1,
    sessions,
    includes,
    named,
    relief: () => (frames.bytes < PART_BYTES ? null : handOn()),
  });
  const reader = new TransactionReader({
    followed: new FollowedTables({
      patterns: source.tables,
      statementTables: source.statementTables,
      ledger: source.ledgerTable,
      lowerCase: state.lowerCaseNames,
    }),
    names: new NameHistory({
      filtered: source.filteredNames,
      lowerCase: state.lowerCaseNames,
      saved: namesAtAnyTime(offset?.names),
      isLimited: false,
    }),
    onLedgerRow: (transaction, op, row) => {
      const author = registeredAuthor({ op, row }, transaction.thread);
      if (author !== null) sessions.register(named(transaction), author);
    },
    onUnknownXa: (commit, transaction) => {
      if (check.covers(transaction)) options.onUnknownXa(commit);
    },
    onRead: (fileNumber, end) => {
      sessions.read.advance(fileNumber, end);
      options.onRead?.({ fileNumber, offset: end });
    },
    serverId: state.serverId,
    serverUuid: state.uuid,
    heldLimitBytes: getHeapStatistics().heap_size_limit / 4,
    preparedXa: [],
    sink: source.columns ? new LastChangeMarker(frames) : frames,
    columns: source.columns,
    run: names.first,
    // A dump by file and offset contains the events that show in which files the server started.
    runBeginnings: new Map(),
    nameOf: (run) => run,
    files,
    checksums: true,
    anchor: null,
    passed: null,
  });

  function handOn(): Promise<void> {
    const seal = frames.take();
    handled = handled.then(async () => {
      const sealed = await seal();
      if (sessions.size > connectionsKept) await recorded.refresh();
      if (sealed.length > 0) await options.onFrames(sealed);
    });
    return handled;
  }

  function afterEvent(): void | Promise<void> {
    if (check.hasEnded(sessions.read)) {
      const last = handOn();
      last.then(ended.resolve, ended.reject);
      return last;
    }
    return frames.bytes < PART_BYTES ? undefined : handOn();
  }

  await using dump = await BinlogDump.start({
    ...asked,
    start: { kind: "file", file: bounds.file, offset: bounds.offset ?? FIRST_EVENT },
    onEvent: (bytes, start, end) => {
      const read = reader.onEvent(bytes, start, end);
      return read === undefined ? afterEvent() : read.then(afterEvent);
    },
  });
  const lingering =
    options.lingerMs === undefined
      ? undefined
      : setInterval(() => {
          if (frames.bytes > 0) handOn().catch(ended.reject);
        }, options.lingerMs);
  try {
    await Promise.race([ended.promise, dump.ended, server.broken, aborted(signal)]);
    // After an abort, the parts that were handed on are still completed.
    await handled;
  } finally {
    clearInterval(lingering);
  }
}

const FIRST_EVENT = 4;

function filesFrom({ files }: Pick<ServerState, "files">, file: string): readonly string[] {
  return files.slice(Math.max(0, files.indexOf(file)));
}

function setBackNote({ fromUs, toUs }: SetBack): string {
  const [from, to] = [fromUs, toUs].map((us) => new Date(us / 1000).toISOString());
  return `The server's clock was set back from ${from} to ${to}, and a bound of the stretch is a time in between, so it is not exact: name a GTID or a position.`;
}

async function aborted(signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return new Promise<never>(() => undefined);
  if (!signal.aborted) await once(signal, "abort");
}

/**
 * Creates a session book that knows authors from the ledger's rows in the stretch, from the
 * reader's records, and from the server's list of connections.
 */
async function sessionBook(
  { target, server, bounds, connectionsKept = CONNECTIONS_KEPT }: StretchOptions,
  epoch: number,
  recorded: RecordedPosition,
  beginnings: RunBeginnings,
): Promise<SessionBook> {
  const { state, connection } = server;
  const following = filesFrom(state, bounds.file);
  const [first = state.file, ...others] = filesOfOneName(following);
  // Under another base name numbers begin anew, and the present run is there.
  const isMoved = 1 + others.length < following.length;
  const began = isMoved ? null : await beginnings.latest(others);
  const present = new PresentRun(isMoved ? null : (began?.fileNumber ?? binlogFileNumber(first)));
  return new SessionBook({
    epoch,
    server: state.uuid,
    // What the list shows now may be another user than before the gap.
    isOfThisRun: (transaction) => !isUnreadRun(transaction.run) && present.includes(transaction),
    presentRun: () => null,
    table: {
      find: findRecorded(recorded, () => new SessionsTable(target.dynamodb, target.sessionsTable)),
      record: () => Promise.resolve(),
      recordSurely: () => Promise.resolve(),
      refresh: () => Promise.resolve(),
    },
    ask: (threads) => listConnections(connection, state.version, threads),
    prove: () => Promise.resolve(new Map()),
    isRegistering: false,
    forgetting: { most: connectionsKept, recordedTo: () => recorded.position },
    takeCensus: () => Promise.resolve(null),
    onUserChanged: () => undefined,
    onDisagreement: () => undefined,
  });
}

/** Renames the run of a transaction. Returns the same object for the same transaction. */
function renaming(nameOf: RunNames["of"]): (transaction: Transaction) => Transaction {
  let latest: Transaction | null = null;
  let renamed: Transaction | null = null;
  return (transaction) => {
    if (transaction === latest && renamed !== null) return renamed;
    const run = nameOf(transaction.run, writingOf(transaction));
    latest = transaction;
    renamed = run === transaction.run ? transaction : { ...transaction, run };
    return renamed;
  };
}
