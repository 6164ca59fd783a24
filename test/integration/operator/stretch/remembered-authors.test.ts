import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Connection } from "mysql2/promise";
import { expect, test } from "vitest";
import { readStretch } from "../../../../operator/stretch/read-stretch.ts";
import { openServer, type TracedServer } from "../../../../operator/stretch/traced-server.ts";
import { OffsetStore } from "../../../../reader/offsets/offset-store.ts";
import { binlogEnd } from "../../../../reader/source/server-state.ts";
import { binlogFileNumber } from "../../../../wire/binlog-file.ts";
import { useNumberedOrders } from "../../../support/numbered-orders.ts";
import { ReaderBench } from "../../../support/reader.ts";

const LEDGER = "shop.ledger";
/** A change of so many bytes ends a part of the stretch. */
const PART_BYTES = 600_000;

const orders = useNumberedOrders();
const { mysql } = orders;

test("a stretch keeps what the reader has not recorded, also of more connections than it remembers", async () => {
  const { aws } = orders;
  const { dynamodb } = aws;
  await mysql.query(
    `CREATE TABLE ${LEDGER} (slot INT PRIMARY KEY, connection_id BIGINT, user TEXT, host TEXT)`,
  );
  await mysql.query(`INSERT INTO ${LEDGER} VALUES (1, 0, '', ''), (2, 0, '', ''), (3, 0, '', '')`);
  await mysql.query("CREATE TABLE shop.notes (id INT PRIMARY KEY, note LONGTEXT)");

  await using bench = await ReaderBench.create(aws, mysql.server, { LEDGER_TABLE: LEDGER });
  const offsetsTable = `${bench.source}-offsets`;
  const reader = await bench.start();
  const [changing, recorded] = [await mysql.connect(), await mysql.connect()];
  await register(changing, 1, "a");
  await register(recorded, 2, "d");
  await write(changing, 1);
  await write(recorded, 2);
  await bench.takeFrames(2);
  await reader.stop();

  const { host, port, user: username, password } = mysql.server;
  const address = { host, port, tls: "off" } as const;
  const open = async () =>
    openServer(
      { dynamodb, offsetsTable },
      { address, credentials: async () => ({ username, password }) },
    );
  await using server = await open();
  const saved = server.offset;
  if (saved === null) throw new Error("the reader saved no offset");
  // The sessions table goes on naming the user `a`.
  await register(changing, 3, "b");
  await write(changing, 3, PART_BYTES);
  for (let id = 4; id < 8; id++) await write(await mysql.connect(), id, PART_BYTES);
  await mysql.query("FLUSH BINARY LOGS");
  const [log] = await mysql.query<{ File: string }>("SHOW BINARY LOG STATUS");
  await write(changing, 8);
  await write(recorded, 9);

  let looks = 0;
  const counting = new DynamoDBClient({
    region: aws.region,
    credentials: aws.credentials,
    endpoint: aws.endpoints.dynamodb,
  });
  counting.middlewareStack.add(
    (next) => async (call) => {
      if (JSON.stringify(call.input).includes(offsetsTable)) looks++;
      return next(call);
    },
    { step: "initialize" },
  );
  const end = await binlogEnd(server.connection, server.state.version);
  const usersFrom = async (traced: TracedServer, file: string, offset: number) => {
    const users = new Map<unknown, string | undefined>();
    await readStretch({
      target: { dynamodb: counting, offsetsTable, sessionsTable: `${bench.source}-sessions` },
      source: {
        name: bench.source,
        tables: ["shop.notes"],
        statementTables: [],
        ledgerTable: LEDGER,
        columns: false,
        filteredNames: null,
      },
      server: traced,
      bounds: {
        file,
        offset,
        from: { kind: "place", fileNumber: binlogFileNumber(file), offset },
        to: null,
        end: { fileNumber: binlogFileNumber(end.file), offset: end.offset },
        after: null,
      },
      connectionsKept: 2,
      onFrames: async (frames) => {
        for (const { changes, transactions, authors } of frames)
          for (const { key, transaction } of changes) {
            const { id } = JSON.parse(key) as { readonly id: number };
            users.set(id, authors[transactions[transaction]?.author ?? -1]?.user);
          }
        await Promise.resolve();
      },
      onUnknownXa: () => undefined,
    });
    return users;
  };
  try {
    const users = await usersFrom(server, saved.file, saved.offset);
    expect([...users.keys()]).toEqual([3, 4, 5, 6, 7, 8, 9]);
    expect(users.get(8)).toBe("b");
    expect(users.get(9)).toBe("d");
    // The reader might have recorded more meanwhile.
    expect(looks).toBe(1);
    await using later = await open();
    // The registration of `b` is before this stretch, and behind what the reader has read.
    expect(await usersFrom(later, log?.File ?? "", 4)).toEqual(
      new Map([
        [8, "b"],
        [9, "d"],
      ]),
    );
  } finally {
    counting.destroy();
  }
  expect((await new OffsetStore(dynamodb, offsetsTable).load()).offset).toEqual(saved);
});

/** Registers the connection's user in the ledger, as `init_connect` does. */
async function register(connection: Connection, slot: number, user: string): Promise<void> {
  await connection.query(
    `UPDATE ${LEDGER} SET connection_id = CONNECTION_ID(), user = ?, host = 'h' WHERE slot = ?`,
    [user, slot],
  );
}

async function write(connection: Connection, id: number, bytes = 1): Promise<void> {
  await connection.query("INSERT INTO shop.notes VALUES (?, REPEAT('n', ?))", [id, bytes]);
}
