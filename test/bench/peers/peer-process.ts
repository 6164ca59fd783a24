import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { MysqlServer } from "../../../infra/local/mysql/mysql-server.ts";
import type { Peer, Stretch } from "./programs.ts";

const TIMEOUT_MS = 300_000;
const KEPT_LINES = 3;
let serverIds = 4800;

interface PeerOptions {
  readonly mysql: MysqlServer;
  readonly stretch: Stretch;
  readonly signal: AbortSignal;
  /** The rows before those whose delays count; absent: no delays. */
  readonly warmRows?: number;
  /** The environment variables of a sender: PEER_QUEUE_URL, and those of the AWS SDK. */
  readonly queue?: Readonly<Record<string, string>>;
}

interface PeerResult {
  readonly rows: number;
  /** From the first rows to the last. */
  readonly rowsPerSecond: number;
  /** Of the rows after `warmRows`, from `written_us` to the peer's callback. */
  readonly delaysUs: readonly number[];
}

/**
 * A peer's process. Its PEER_* variables say where it begins to read. It prints "@peer warm" on
 * standard error after `warmRows`, and after all rows it writes its result to a file and ends.
 * Disposing ends it.
 */
export class PeerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #stretch: Stretch;
  readonly #directory: string;
  readonly #exit: Promise<number | null>;
  readonly #warm = Promise.withResolvers<void>();
  readonly #log: string[] = [];

  private constructor(child: ChildProcess, stretch: Stretch, directory: string) {
    this.#child = child;
    this.#stretch = stretch;
    this.#directory = directory;
    this.#exit = once(child, "close").then(([code]) => code as number | null);
    this.#exit.catch(() => undefined);
    if (child.stderr === null) return;
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (line === "@peer warm") this.#warm.resolve();
      // Not the lines of a Java stack trace.
      if (line.startsWith("\tat ")) return;
      this.#log.push(line.slice(0, 200));
      if (this.#log.length > KEPT_LINES) this.#log.shift();
    });
  }

  /** Throws MissingToolError when the peer cannot be built here. */
  static async start(
    peer: Peer,
    { mysql, stretch, signal, warmRows = 0, queue = {} }: PeerOptions,
  ): Promise<PeerProcess> {
    const serverId = ++serverIds;
    const [program = "", ...options] = await peer.command({ mysql, stretch, serverId, signal });
    const directory = await mkdtemp(join(tmpdir(), "peer-"));
    const child = spawn(program, options, {
      env: {
        ...process.env,
        ...queue,
        PEER_HOST: mysql.host,
        PEER_PORT: String(mysql.port),
        PEER_USER: mysql.user,
        PEER_PASSWORD: mysql.password,
        PEER_SERVER_ID: String(serverId),
        PEER_FILE: stretch.file,
        PEER_POSITION: String(stretch.position),
        PEER_GTIDS: stretch.gtidsBefore,
        PEER_ROWS: String(stretch.rows),
        PEER_WARM_ROWS: String(warmRows),
        PEER_RESULT: join(directory, "result.json"),
      },
      stdio: ["ignore", "ignore", "pipe"],
      cwd: directory,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      killSignal: "SIGKILL",
    });
    return new PeerProcess(child, stretch, directory);
  }

  /** Resolves after `warmRows`. Throws when the peer ends before. */
  async warm(): Promise<void> {
    await Promise.race([this.#warm.promise, this.endedEarly()]);
  }

  /** Throws when the peer ends, and never resolves. */
  async endedEarly(): Promise<never> {
    const code = await this.#exit;
    throw new Error(`ended with ${code}: ${this.#log.join(" | ")}`);
  }

  /** Waits for the end. Throws when the peer ends early, or counted more rows than were written. */
  async result(): Promise<PeerResult> {
    if ((await this.#exit) !== 0) await this.endedEarly();
    const text = await readFile(join(this.#directory, "result.json"), "utf8");
    const result = JSON.parse(text) as PeerResult;
    const { rows } = this.#stretch;
    if (result.rows !== rows) throw new Error(`delivered ${result.rows} of ${rows} rows`);
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exit.catch(() => undefined);
    await rm(this.#directory, { recursive: true });
  }
}

/** Runs a peer over the stretch; returns rows per second. Throws as PeerProcess does. */
export async function drainByPeer(
  peer: Peer,
  mysql: MysqlServer,
  stretch: Stretch,
  signal: AbortSignal,
): Promise<number> {
  await using peerProcess = await PeerProcess.start(peer, { mysql, stretch, signal });
  return (await peerProcess.result()).rowsPerSecond;
}
