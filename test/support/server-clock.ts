import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { TestMysql } from "./mysql.ts";

const MACHINE = process.arch === "arm64" ? "aarch64" : "x86_64";
/** The library for programs with threads, in Debian's package `libfaketime`. */
const LIBRARY = `/usr/lib/${MACHINE}-linux-gnu/faketime/libfaketimeMT.so.1`;
const SHARED_MEMORY = "/dev/shm";
const HOUR_MS = 3_600_000;

/** The clock of the MySQL servers that a test file starts. It can be moved while they run. */
export class ServerClock implements Disposable {
  /** Whether it can be moved; this needs libfaketime. */
  readonly isMovable = existsSync(LIBRARY);
  /** Environment variables for the servers. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #directory = mkdtempSync(join(tmpdir(), "server-clock-"));

  constructor() {
    this.environment = {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      // The file is read at each call, so running servers have a new time at once.
      FAKETIME_NO_CACHE: "1",
    };
    this.set(0);
    if (!this.isMovable) console.info("No server's clock was moved: apt-get install faketime.");
  }

  get #file(): string {
    return join(this.#directory, "hours-ahead");
  }

  /** Sets the clock to so many hours ahead of the real time. */
  set(hoursAhead: number): void {
    const next = `${this.#file}-next`;
    writeFileSync(next, `${hoursAhead < 0 ? "" : "+"}${hoursAhead}h\n`);
    renameSync(next, this.#file); // servers read the former contents or the new ones
  }

  /** Sets the clock while a server runs, and waits until the server shows the time. */
  async move(mysql: TestMysql, hoursAhead: number): Promise<void> {
    this.set(hoursAhead);
    const shown = async (): Promise<number> => {
      const [row] = await mysql.query<{ now: string }>("SELECT UNIX_TIMESTAMP(NOW(6)) AS now");
      return (Number(row?.now) * 1000 - Date.now()) / HOUR_MS;
    };
    await expect.poll(shown).toBeCloseTo(hoursAhead, 1);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true });
    removeLeftovers();
  }
}

/**
 * Removes the shared memory of killed processes with libfaketime. A later process with such a
 * process id might not start.
 */
function removeLeftovers(): void {
  if (!existsSync(SHARED_MEMORY)) return;
  for (const name of readdirSync(SHARED_MEMORY)) {
    const pid = /^(?:sem\.)?faketime_(?:sem|shm)_(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(SHARED_MEMORY, name), { force: true });
  }
}
