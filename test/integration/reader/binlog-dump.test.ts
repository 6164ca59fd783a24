import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir, readlink } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { beforeAll, expect, test, vi } from "vitest";
import { EventType } from "../../../reader/binlog-format/events/event-types.ts";
import { BinlogDump } from "../../../reader/source/binlog-dump.ts";
import { connectionOptions } from "../../../reader/source/connection-options.ts";
import { useMysql } from "../../support/mysql.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";

const SEED = Number(process.env["DUMP_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const LAST = "the last row";
const SERVER_ID = 4711;
/**
 * Where a packet's payload begins, counted from its row's text: before that are its length, the id,
 * bitmaps and a count of columns, the event's other fields and header (19 bytes).
 */
const PAYLOAD = -(4 + 4 + 1 + 1 + 1 + 2 + 2 + 6 + 19 + 1);

const mysql = useMysql();
let uuid = "";
let file = "";

beforeAll(async () => {
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.notes (id INT AUTO_INCREMENT PRIMARY KEY, note LONGTEXT)");
  [{ uuid = "" } = {}] = await mysql.query<{ uuid: string }>("SELECT @@server_uuid AS uuid");
  const files = await mysql.query<{ Log_name: string }>("SHOW BINARY LOGS");
  file = files.at(-1)?.Log_name ?? "";
  for (const length of [1, 100, 3000, 200_000, 7, 20_000, 500_000, 900])
    await mysql.query(
      `INSERT INTO shop.notes (note) VALUES ${Array(20).fill(`(REPEAT('n', ${length}))`).join(", ")}`,
    );
  await mysql.query("INSERT INTO shop.notes (note) VALUES (?)", [LAST]);
});

test.each(["off", "encrypt"] as const)(
  "pauses at any event lose, double and change nothing (TLS: %s)",
  async (tls) => {
    const without = await eventsOf(tls, () => undefined);
    const random = new SeededRandom(SEED);
    let isPaused = false;
    const withPauses = await eventsOf(tls, (dump) => {
      if (isPaused) throw new Error("an event during a pause");
      const choice = random.below(4);
      isPaused = choice < 2;
      if (choice === 0)
        return new Promise((resolve) => {
          setImmediate(() => {
            isPaused = false;
            resolve();
          });
        });
      if (choice === 1) {
        dump.pause("pressure");
        setImmediate(() => {
          isPaused = false;
          dump.resume("pressure");
        });
      }
      if (choice === 2) {
        dump.pause("pressure");
        dump.resume("pressure");
      }
      return undefined;
    });
    expect(withPauses, `DUMP_SEED=${SEED}`).toEqual(without);
    expect(without.length).toBeGreaterThan(100);
  },
);

test.each(["off", "encrypt"] as const)(
  "dumps that end in the middle of the log leave no open connection (TLS: %s)",
  async (tls) => {
    await mysql.query("SELECT 1");
    const before = await openSockets();
    for (let dumps = 0; dumps < 5; dumps++) {
      await using dump = await start(tls, () => {
        throw new Error("enough");
      });
      await expect(dump.ended).rejects.toThrow("enough");
    }
    await vi.waitFor(async () => expect(await openSockets()).toBeLessThanOrEqual(before), {
      timeout: 10_000,
    });
  },
);

test("dumps that end in the middle of the log disturb no other connection (TLS: encrypt)", async () => {
  let areOver = false;
  const others = Array.from({ length: 2 }, async () => {
    let answers = 0;
    for (; !areOver; answers++) await mysql.query("SELECT 1");
    return answers;
  });
  try {
    for (let dumps = 0; dumps < 20; dumps++) {
      await using dump = await start("encrypt", () => {
        throw new Error("enough");
      });
      await expect(dump.ended).rejects.toThrow("enough");
    }
  } finally {
    areOver = true;
  }
  for (const answers of await Promise.all(others)) expect(answers).toBeGreaterThan(0);
  // KILL disturbs them seldom: it depends on what the dump's thread does at that moment.
  const kills = await mysql.query<{ text: string }>(
    `SELECT DISTINCT DIGEST_TEXT AS text FROM performance_schema.events_statements_summary_by_digest
     WHERE DIGEST_TEXT LIKE 'KILL%'`,
  );
  expect(kills.map(({ text }) => text)).toEqual([expect.stringMatching(/^KILL QUERY /)]);
});

test.each(["off", "encrypt"] as const)(
  "a dump that ends while it waits for events ends on the server, too (TLS: %s)",
  async (tls) => {
    await eventsOf(tls, () => undefined);
    await vi.waitFor(async () => expect(await runningDumps()).toBe(0), { timeout: 10_000 });
  },
);

test("a dump may last longer than the server lets connections be idle", async () => {
  await mysql.query("SET GLOBAL wait_timeout = 1");
  try {
    await using dump = await start("off", () => undefined);
    const idle = await mysql.connect();
    const closed = once(idle, "error");
    await Promise.race([closed, dump.ended]);
  } finally {
    await mysql.query("SET GLOBAL wait_timeout = DEFAULT");
  }
});

test.each(["off", "encrypt"] as const)(
  "a dump that has been disposed hands out nothing when it is resumed (TLS: %s)",
  async (tls) => {
    const types: (number | undefined)[] = [];
    const reached = Promise.withResolvers<void>();
    let running: BinlogDump | undefined;
    running = await start(tls, (bytes, from) => {
      const type = bytes[from + 4];
      types.push(type);
      // The server sends a table map and the rows behind it together.
      if (type !== EventType.TABLE_MAP_EVENT) return;
      running?.pause("pressure");
      reached.resolve();
    });
    await Promise.race([reached.promise, running.ended]);
    await running[Symbol.asyncDispose]();
    const before = [...types];
    running.resume("pressure");
    await turn();
    expect(types).toEqual(before);
    expect(types.at(-1)).toBe(EventType.TABLE_MAP_EVENT);
  },
);

test("a packet beyond 16 MiB with a damaged first byte ends the dump", async () => {
  const marker = "the row whose packet is damaged";
  await using proxy = await TcpProxy.listen(mysql.server);
  const atEnd = Promise.withResolvers<void>();
  await using dump = await start(
    "off",
    (bytes, from, to) => {
      if (bytes.subarray(from, to).includes(LAST)) atEnd.resolve();
    },
    { port: proxy.port },
  );
  await Promise.race([atEnd.promise, dump.ended]);
  const done = proxy.damage(marker, PAYLOAD);
  await mysql.query("INSERT INTO shop.notes (note) VALUES (CONCAT(?, REPEAT('n', ?)))", [
    marker,
    17 << 20,
  ]);
  await done;
  await expect(dump.ended).rejects.toMatchObject({
    name: "DumpEndedError",
    code: "PROTOCOL_CONNECTION_LOST",
  });
});

test("a damaged sequence number ends the dump at once", async () => {
  const marker = "the row whose packet has another number";
  await using proxy = await TcpProxy.listen(mysql.server);
  await using dump = await start("off", () => undefined, {
    port: proxy.port,
    offset: await endOfFile(),
  });
  const done = proxy.damage(marker, PAYLOAD - 1);
  await mysql.query("INSERT INTO shop.notes (note) VALUES (?)", [marker]);
  await done;
  await expect(dump.ended).rejects.toMatchObject({
    name: "PacketOrderError",
    code: "PROTOCOL_CONNECTION_LOST",
  });
});

test("an event may take longer to arrive than a silence may last", async () => {
  const silenceMs = 1500;
  const marker = "the slow row";
  const offset = await endOfFile();
  const write = Promise.withResolvers<number>();
  let slow = 0;
  const takenMs = (["off", "encrypt"] as const).map(async (tls, index) => {
    await using proxy = await TcpProxy.listen(mysql.server);
    const arrived = Promise.withResolvers<number>();
    await using dump = await start(
      tls,
      (bytes, from, to) => {
        if (bytes.subarray(from, to).includes(marker)) arrived.resolve(performance.now());
      },
      // For a second dump with the same id, the server ends the first one.
      { port: proxy.port, silenceMs, offset, serverId: SERVER_ID + index },
    );
    proxy.slowDown(5000, 100);
    if (++slow === 2) write.resolve(performance.now());
    return (await Promise.race([arrived.promise, dump.ended])) - (await write.promise);
  });
  const all = Promise.all(takenMs);
  await Promise.race([write.promise, all]);
  await mysql.query("INSERT INTO shop.notes (note) VALUES (CONCAT(REPEAT('n', 110000), ?))", [
    marker,
  ]);
  for (const ms of await all) expect(ms).toBeGreaterThan(silenceMs);
});

test("a server that says nothing more before the dump ends the start", async () => {
  await using proxy = await TcpProxy.listen(mysql.server);
  // The name of the column in its first answer.
  proxy.holdAt("version");
  const starting = start("off", () => undefined, { port: proxy.port, silenceMs: 500 });
  await expect(starting).rejects.toMatchObject({ name: "SourceSilentError" });
});

/** The events of the log up to the last row, as hashes. `wait`: see `onEvent`. */
async function eventsOf(
  tls: "off" | "encrypt",
  wait: (dump: BinlogDump) => Promise<void> | undefined,
): Promise<string[]> {
  const events: string[] = [];
  const last = Promise.withResolvers<void>();
  let isOver = false;
  let running: BinlogDump | undefined;
  await using dump = await start(tls, (bytes, from, to) => {
    if (isOver) return undefined;
    const event = bytes.subarray(from, to);
    events.push(createHash("sha1").update(event).digest("hex"));
    isOver = event.includes(LAST);
    if (isOver) last.resolve();
    return running === undefined ? undefined : wait(running);
  });
  running = dump;
  await Promise.race([last.promise, dump.ended]);
  return events;
}

async function start(
  tls: "off" | "encrypt",
  onEvent: (bytes: Buffer, start: number, end: number) => void | Promise<void>,
  // A heartbeat among the events would be one too many.
  { port = mysql.server.port, offset = 4, silenceMs = 600_000, serverId = SERVER_ID } = {},
): Promise<BinlogDump> {
  const { host, user, password } = mysql.server;
  return BinlogDump.start({
    connection: await connectionOptions({ host, port, tls }, async () => ({
      username: user,
      password,
    })),
    serverId,
    serverUuid: uuid,
    start: { kind: "file", file, offset },
    silenceMs,
    onEvent,
  });
}

async function endOfFile(): Promise<number> {
  const files = await mysql.query<{ Log_name: string; File_size: number }>("SHOW BINARY LOGS");
  return files.find(({ Log_name }) => Log_name === file)?.File_size ?? NaN;
}

async function runningDumps(): Promise<number> {
  const processes = await mysql.query<{ Command: string }>("SHOW PROCESSLIST");
  return processes.filter(({ Command }) => Command.startsWith("Binlog Dump")).length;
}

async function openSockets(): Promise<number> {
  const files = await readdir("/proc/self/fd");
  const targets = files.map((each) => readlink(`/proc/self/fd/${each}`).catch(() => ""));
  return (await Promise.all(targets)).filter((target) => target.startsWith("socket:")).length;
}
