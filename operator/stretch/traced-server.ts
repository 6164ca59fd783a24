import { randomInt } from "node:crypto";
import type { Connection } from "mysql2/promise";
import { binlogEvidence } from "../../reader/offsets/binlog-evidence.ts";
import type { AskedServer } from "../../reader/offsets/short-dump.ts";
import type { Offset } from "../../reader/offsets/offset.ts";
import { OffsetStore } from "../../reader/offsets/offset-store.ts";
import { isSameBinlog } from "../../reader/offsets/resume-offset.ts";
import type { BinlogEvidence } from "../../reader/offsets/evidence.ts";
import { HistoryMismatchError, HistoryUnprovenError } from "../../reader/reporting/errors.ts";
import { connectionOptions } from "../../reader/source/connection-options.ts";
import { ControlConnection } from "../../reader/source/control-connection.ts";
import { readServerState, type ServerState } from "../../reader/source/server-state.ts";
import type { Target } from "../shared/target.ts";
import type { TracedSource } from "./traced-source.ts";

/** The MySQL server, on connections that are separate from the reader's. */
export interface TracedServer extends AsyncDisposable {
  readonly connection: Connection;
  /** Rejects when the connection breaks. */
  readonly broken: Promise<never>;
  readonly state: ServerState;
  /** The connection settings for dumps. */
  readonly asked: AskedServer;
  readonly evidence: BinlogEvidence;
  /** The reader's saved offset; null when the source was never read. */
  readonly offset: Offset | null;
  /**
   * Whether the server's binlog is proven to be the one that the offset refers to, and the reader
   * has not stopped without that proof. Positions can be compared only then.
   */
  readonly isSameLife: boolean;
  /** Whether the reader has stopped until a person acts. */
  readonly hasStopped: boolean;
}

const SILENCE_MS = 30_000;

/** A reader that stopped with one of these found another history, or no proof of the same one. */
const OTHER_HISTORY: ReadonlySet<string> = new Set([
  HistoryMismatchError.name,
  HistoryUnprovenError.name,
]);

/**
 * A random `server_id` below 2^31. Readers use ids above 2^31, and another command is unlikely to
 * use the same id at the same time.
 */
function ownServerId(): number {
  return 2 ** 30 + randomInt(2 ** 30);
}

/** Connects with the reader's account. Rejects with MySQL's error. */
export async function openServer(
  target: Pick<Target, "dynamodb" | "offsetsTable">,
  source: Pick<TracedSource, "address" | "credentials">,
): Promise<TracedServer> {
  const options = await connectionOptions(source.address, source.credentials);
  const control = await ControlConnection.open(options, SILENCE_MS);
  try {
    const { connection } = control;
    // The offset is read first: its GTIDs must be among those that the server has executed then.
    const { offset, stop } = await new OffsetStore(target.dynamodb, target.offsetsTable).load();
    const state = await readServerState(connection);
    const asked: AskedServer = {
      connection: options,
      serverId: ownServerId(),
      serverUuid: state.uuid,
      silenceMs: SILENCE_MS,
    };
    const evidence = binlogEvidence(asked, connection);
    const isKnown = offset !== null && !OTHER_HISTORY.has(stop?.error ?? "");
    return {
      connection,
      broken: control.broken,
      state,
      asked,
      evidence,
      offset,
      hasStopped: stop !== null,
      isSameLife: isKnown && (await isSameBinlog(offset, state, evidence)),
      [Symbol.asyncDispose]: () => control[Symbol.asyncDispose](),
    };
  } catch (error) {
    await control[Symbol.asyncDispose]();
    throw error;
  }
}
