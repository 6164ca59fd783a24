import { beforeEach, describe, expect, test } from "vitest";
import { look } from "../../../reader/offsets/short-dump.ts";
import { serverStarts } from "../../../reader/offsets/run-beginnings.ts";
import { useLocalAws } from "../../support/local-aws.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench, type ReaderProcess } from "../../support/reader.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";

// A bit flips between the server and the reader. The reader may stop or reconnect, but it sends no
// garbled data, and every committed change arrives.

const mysql = useMysql();
const aws = useLocalAws();

beforeEach(async () => {
  await mysql.query("DROP DATABASE IF EXISTS shop");
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.notes (id INT PRIMARY KEY, note VARCHAR(100))");
});

const NOTE = "the one that is damaged";

// The layout of a WRITE_ROWS_EVENT with one row, backwards from the note: the note's length, id,
// NULL bitmap, column bitmap, column count, length of the extra data, flags, table id, the event
// header (19 bytes), and the packet header (4 + 1 bytes).
const EVENT = -(2 + 4 + 1 + 1 + 1 + 2 + 2 + 6 + 19);
const PACKET = EVENT - 5;

/**
 * Reads through a proxy that damages the stream. The server writes before, during and after the
 * damage.
 */
async function reading(tls: "off" | "encrypt"): Promise<
  AsyncDisposable & {
    readonly proxy: TcpProxy;
    readonly reader: ReaderProcess;
    readonly insert: (id: number, note: string) => Promise<unknown>;
    /** The distinct notes that arrive, up to `last`. Restarts a reader that has stopped. */
    readonly notesUpTo: (last: string) => Promise<Set<unknown>>;
  }
> {
  await using stack = new AsyncDisposableStack();
  const proxy = stack.use(await TcpProxy.listen(mysql.server));
  const { user, password } = mysql.server;
  const bench = stack.use(
    await ReaderBench.create(
      aws,
      { host: "127.0.0.1", port: proxy.port, user, password },
      { SOURCE_TLS: tls, SILENCE_SECONDS: "3" },
    ),
  );
  const reader = await bench.start();
  const disposal = stack.move();
  return {
    proxy,
    reader,
    insert: (id, note) => mysql.query("INSERT INTO shop.notes VALUES (?, ?)", [id, note]),
    notesUpTo: async (last) => {
      const notes = new Set<unknown>();
      let present = reader;
      while (!notes.has(last)) {
        if (present.hasEnded) present = await bench.start();
        for (const { changes } of await bench.receive())
          for (const { after } of changes) notes.add((JSON.parse(after) as { note: unknown }).note);
      }
      return notes;
    },
    [Symbol.asyncDispose]: () => disposal.disposeAsync(),
  };
}

describe("a damaged bit", () => {
  test.each([
    ["in a value", 3],
    ["in the checksum", NOTE.length],
    ["in the table id", EVENT + 19],
    ["in the number of columns", EVENT + 29],
    ["in the event's type", EVENT + 4],
    ["in the event's server id", EVENT + 5],
    ["in the event's length", EVENT + 9],
    ["in the event's place", EVENT + 13],
    ["in the packet's length", PACKET],
  ])("%s stops the reader, and the next one delivers everything", async (_, at) => {
    await using damaged = await reading("off");
    const { proxy, reader, insert, notesUpTo } = damaged;
    await insert(1, "before");
    const done = proxy.damage(NOTE, at);
    await insert(2, NOTE);
    await done;
    const { error } = await reader.logged("stopped by an error");
    expect(error).toMatchObject({
      name: "UnreadableBinlogError",
      message: expect.stringMatching(/checksum of a .* does not match.*mysqlbinlog/),
    });
    expect(await reader.exit()).toBe(1);
    await insert(3, "after");
    expect(await notesUpTo("after")).toEqual(new Set(["before", NOTE, "after"]));
  });

  test.each([
    ["in the packet's length, by a megabyte", "off", NOTE, PACKET + 2],
    ["in the packet's number", "off", NOTE, PACKET + 3],
    ["in the packet's kind", "off", NOTE, PACKET + 4],
    ["in the kind of a TLS record", "encrypt", "", 0],
    ["in what TLS has encrypted", "encrypt", "", 20],
  ] as const)(
    "%s makes the reader reconnect, and everything arrives",
    async (_, tls, where, at) => {
      await using damaged = await reading(tls);
      const { proxy, reader, insert, notesUpTo } = damaged;
      await insert(1, "before");
      const done = proxy.damage(where, at);
      await insert(2, NOTE);
      await done;
      await reader.logged("the source is interrupted");
      await insert(3, "after");
      expect(await notesUpTo("after")).toEqual(new Set(["before", NOTE, "after"]));
      expect(reader.hasEnded).toBe(false);
    },
  );
});

test("files with and without checksums are read, also behind a first event changed for the dump", async () => {
  await mysql.query("SET GLOBAL binlog_checksum = NONE");
  await using undamaged = await reading("off");
  const { reader, insert, notesUpTo } = undamaged;
  await insert(1, "before");
  expect(await notesUpTo("before")).toEqual(new Set(["before"]));
  // The next reader begins in the middle of the file: the server changes the file's first event.
  await reader.stop();
  await insert(2, "between");
  await mysql.query("SET GLOBAL binlog_checksum = CRC32");
  await insert(3, "after");
  expect(await notesUpTo("after")).toEqual(new Set(["between", "after"]));
});

test("a damaged first event of a file is refused with the remedy, also where only that file is asked", async () => {
  await using proxy = await TcpProxy.listen(mysql.server);
  const { user, password } = mysql.server;
  const [server] = await mysql.query<{ uuid: string; version: string }>(
    "SELECT @@server_uuid AS uuid, VERSION() AS version",
  );
  const [log] = await mysql.query<{ Log_name: string }>("SHOW BINARY LOGS");
  const file = log?.Log_name ?? "";
  const asked = {
    connection: { host: "127.0.0.1", port: proxy.port, user, password },
    serverId: 4711,
    serverUuid: server?.uuid ?? "",
    silenceMs: 30_000,
  };
  const start = { kind: "file", file, offset: 4 } as const;
  for (const ask of [() => serverStarts(asked, [file]), () => look(asked, start, () => null)]) {
    // In the event, the version of the binlog stands before the server's.
    const done = proxy.damage(`\u0004\u0000${server?.version}`, 30);
    const [refused] = await Promise.allSettled([ask(), done]);
    expect(refused).toMatchObject({
      reason: {
        name: "UnreadableBinlogError",
        message: expect.stringMatching(/^mysql-bin\.\d+:4: the checksum .* Restart the reader/),
      },
    });
  }
});
