import type { Duplex } from "node:stream";
import ZongJi from "@vlasky/zongji";
import type { Connection, ConnectionOptions } from "mysql2";
import { SourceSilentError } from "../reporting/errors.ts";
import { DumpEndedError, OtherServerError } from "./dump-errors.ts";
import { nameFile } from "./dump-request.ts";
import { divert, openSocket } from "./dump-socket.ts";
import { endDump } from "./end-dump.ts";
import { packetOf } from "./packet-of.ts";
import { PacketSplitter } from "./packet-splitter.ts";
import { SilenceWatch } from "./silence-watch.ts";

/**
 * Where a dump starts: after a set of executed GTIDs, or at an offset in a file. With `from`, the
 * dump behind GTIDs goes through this file and all later ones: it has their first events and their
 * transactions that are not in the set.
 */
export type DumpStart =
  | { readonly kind: "gtid"; readonly gtidSet: string; readonly from?: string }
  | { readonly kind: "file"; readonly file: string; readonly offset: number };

/** A dump by file can only begin below this offset: COM_BINLOG_DUMP has 32 bits for it. */
export const DUMP_LIMIT = 2 ** 32;

export interface BinlogDumpOptions {
  readonly connection: ConnectionOptions;
  readonly serverId: number;
  /**
   * `@@server_uuid` of the expected server. The address may lead to another server at each connect.
   */
  readonly serverUuid: string;
  /**
   * Dumps with different names can run at the same time; among those without one, the server ends
   * the earlier one with the same `serverId`.
   */
  readonly replicaUuid?: string;
  readonly start: DumpStart;
  /**
   * The connection counts as broken when no packet and no part of a long one arrives for this long,
   * or when the dump is not requested within this time.
   */
  readonly silenceMs: number;
  /**
   * The server sends a heartbeat, and with it the small events that it has kept back, when it has
   * sent nothing for this long; a third of `silenceMs` when omitted.
   */
  readonly heartbeatMs?: number;
  /**
   * Called with each event of the dump, in order, as it arrives: `bytes` from `start` to `end` are
   * header, body and, if enabled, checksum. They are valid only during the call. `isVerified`: the
   * event ends with its right checksum. When it returns a promise, the next event waits for it. An
   * error that it throws or rejects with ends the dump.
   */
  readonly onEvent: (
    bytes: Buffer,
    start: number,
    end: number,
    isVerified: boolean,
  ) => void | Promise<void>;
}

/**
 * `pressure`: too many bytes are unsent. `event`: `onEvent` is still running. `ended`: the dump has
 * ended or reading is to stop.
 */
export type PauseReason = "pressure" | "event" | "ended";

/**
 * A running binlog dump. zongji opens the connection and requests the dump. From then on the reader
 * takes the connection's bytes and splits the packets itself
 * (docs/decisions/zongji-hands-out-packets.md), because it needs each event's bytes: position,
 * server id, checksum, and values that JavaScript's types cannot represent.
 */
export class BinlogDump implements AsyncDisposable {
  readonly #zongji: ZongJi;
  readonly #options: BinlogDumpOptions;
  readonly #ended = Promise.withResolvers<never>();
  /** null until the dump has been requested. */
  #dumped: { readonly stream: Duplex; readonly splitter: PacketSplitter } | null = null;
  /** `@@server_uuid` of the server that dumps; null until it has answered. */
  #server: string | null = null;
  readonly #silence: SilenceWatch;
  readonly #pauses = new Set<PauseReason>();

  private constructor(options: BinlogDumpOptions) {
    this.#options = options;
    const { connection } = options;
    // With TLS, mysql2 makes the socket.
    const stream = connection.ssl === undefined ? () => openSocket(connection) : undefined;
    this.#zongji = new ZongJi({ ...connection, ...(stream !== undefined && { stream }) });
    const { silenceMs } = options;
    this.#silence = new SilenceWatch({
      silenceMs,
      received: () => this.#dumped?.splitter.received ?? 0,
      isPaused: () => this.isPaused,
      onSilence: () =>
        this.#end(
          new SourceSilentError(
            `nothing came from the server for ${silenceMs} ms, not even a heartbeat`,
          ),
        ),
    });
    // Without this, a rejection would be unhandled while no caller awaits `ended`.
    this.#ended.promise.catch(() => undefined);
  }

  /** Starts a dump; rejects with the error of MySQL or the network when that fails. */
  static async start(options: BinlogDumpOptions): Promise<BinlogDump> {
    const dump = new BinlogDump(options);
    const zongji = dump.#zongji;
    zongji.on("error", (error: Error) => dump.#end(error));
    const ready = new Promise<void>((resolve) => {
      zongji.once("ready", () => {
        dump.#prepare(zongji);
        resolve();
      });
    });
    zongji.start({ serverId: options.serverId, ...startOptions(options.start) });
    try {
      await Promise.race([ready, dump.#ended.promise]);
    } catch (error) {
      await dump[Symbol.asyncDispose]();
      throw error;
    }
    return dump;
  }

  /** Rejects when the dump ends, with the reason; never resolves. */
  get ended(): Promise<never> {
    return this.#ended.promise;
  }

  /** Whether this side has paused the reading. */
  get isPaused(): boolean {
    return this.#pauses.size > 0;
  }

  /** Whether a part of an event has arrived, and not the rest. */
  get isReceiving(): boolean {
    return this.#dumped?.splitter.isIncomplete === true;
  }

  /** Stops reading from the socket until every reason is resumed; the server waits meanwhile. */
  pause(reason: PauseReason): void {
    this.#pauses.add(reason);
    this.#dumped?.splitter.pause();
    this.#dumped?.stream.pause();
  }

  resume(reason: PauseReason): void {
    if (!this.#pauses.delete(reason) || this.#pauses.size > 0) return;
    this.#silence.hears();
    // This handles the packets that have arrived meanwhile, and their handling may pause again.
    this.#dumped?.splitter.resume();
    if (!this.isPaused) this.#dumped?.stream.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#silence[Symbol.dispose]();
    // Resumed later, it would hand out the events that have arrived.
    this.pause("ended");
    await endDump(this.#zongji, this.#server);
    this.#zongji.removeAllListeners("error");
    this.#zongji.on("error", () => undefined);
  }

  #prepare(zongji: ZongJi): void {
    const connection = connectionOf(zongji);
    const { silenceMs, heartbeatMs = silenceMs / 3, replicaUuid } = this.#options;
    const heartbeatNs = Math.round(heartbeatMs * 1e6);
    const onError = (error: unknown): void => {
      if (error instanceof Error) this.#end(error);
    };
    const named =
      replicaUuid === undefined ? {} : { "@slave_uuid": replicaUuid, "@replica_uuid": replicaUuid };
    // The checksum tells the server that this reader knows CRC-32: otherwise it refuses to send
    // events with checksums. zongji tells it only while the server writes checksums; older files
    // may have them. MySQL 8.0 reads the older names, later servers both. While the reader pauses,
    // the server waits in a blocked write; with the default net_write_timeout it would end the dump
    // after 60 seconds.
    const variables = {
      "@master_binlog_checksum": "CRC32",
      "@source_binlog_checksum": "CRC32",
      "@master_heartbeat_period": heartbeatNs,
      "@source_heartbeat_period": heartbeatNs,
      "@@SESSION.net_write_timeout": WRITE_TIMEOUT_S,
      ...named,
    };
    const settings = Object.keys(variables).map((name) => `${name} = ?`);
    connection.query(`SET ${settings.join()}`, Object.values(variables), onError);
    // This connection is idle until the dump ends; the server would close it before.
    zongji.ctrlConnection?.query(`SET SESSION wait_timeout = ${LONGEST_WAIT_S}`, onError);
    connection.query("SELECT @@server_uuid AS uuid", (error, rows) => {
      if (error !== null) return this.#end(error);
      const [row] = rows as { uuid: string }[];
      this.#server = row?.uuid ?? null;
      if (this.#server !== this.#options.serverUuid) this.#end(new OtherServerError());
    });
    const addCommand = connection.addCommand.bind(connection);
    connection.addCommand = (command) => addCommand(this.#tap(command));
  }

  /** Takes over from zongji's command when it has requested the dump. */
  #tap<T extends DumpCommand>(command: T): T {
    const execute = command.execute.bind(command);
    command.execute = (packet, connection) => {
      if (packet !== undefined) {
        // Only packets that end the dump get here.
        this.#end(packet.isError() ? packet.asError("utf8") : new DumpEndedError());
      } else if (!this.#pauses.has("ended")) {
        const { start } = this.#options;
        if (start.kind === "gtid" && start.from !== undefined) nameFile(connection, start.from);
        execute(packet, connection);
        this.#takeOver(connection);
      }
      return false;
    };
    return command;
  }

  #takeOver(connection: Connection): void {
    const { stream, sequenceId } = connection;
    const splitter = new PacketSplitter({
      sequence: sequenceId,
      onPacket: (bytes, start, end, isVerified) => {
        this.#silence.hears();
        if (bytes[start] === EVENT && start < end) this.#handle(bytes, start + 1, end, isVerified);
        else connection.packetParser.execute(packetOf(bytes.subarray(start, end), sequenceId));
      },
      onDisorder: (error) => this.#end(error),
    });
    this.#dumped = { stream, splitter };
    this.#silence.hears();
    divert(stream, splitter);
    if (!this.isPaused) return;
    splitter.pause();
    stream.pause();
  }

  #handle(bytes: Buffer, start: number, end: number, isVerified: boolean): void {
    try {
      const handled = this.#options.onEvent(bytes, start, end, isVerified);
      if (handled !== undefined) this.#wait(handled);
    } catch (error) {
      this.#end(error);
    }
  }

  #wait(handled: Promise<void>): void {
    this.pause("event");
    handled.then(
      () => this.resume("event"),
      (error: unknown) => this.#end(error),
    );
  }

  #end(error: unknown): void {
    this.pause("ended");
    this.#ended.reject(error);
  }
}

// The parts of mysql2's internal interfaces that the dump uses (lib/base/connection.js,
// lib/commands/command.js, lib/packets/packet.js).
interface DumpPacket {
  isError(): boolean;
  asError(encoding: string): Error;
}

interface DumpCommand {
  execute(packet: DumpPacket | undefined, connection: Connection): boolean;
}

declare module "mysql2" {
  interface Connection {
    readonly stream: Duplex;
    readonly packetParser: { execute(bytes: Buffer): void };
    addCommand<T extends DumpCommand>(command: T): T;
  }
}

/** The first byte of a packet that has an event. */
const EVENT = 0;
const WRITE_TIMEOUT_S = 86_400;
/** The greatest value that MySQL accepts. */
const LONGEST_WAIT_S = 31_536_000;

function connectionOf(zongji: ZongJi): Connection {
  if (zongji.connection == null) throw new Error("zongji is ready without a connection");
  return zongji.connection;
}

function startOptions(
  start: DumpStart,
): { gtidSet: string } | { filename: string; position: number } {
  return start.kind === "gtid"
    ? { gtidSet: start.gtidSet }
    : { filename: start.file, position: start.offset };
}
