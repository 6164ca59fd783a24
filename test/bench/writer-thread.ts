import { setTimeout as delay } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { createConnection } from "mysql2/promise";
import type { WriterData, Written } from "./writers.ts";

const { server, account, tables, connections, ...load } = workerData as WriterData;
const { rowsPerTransaction, rowsPerSecond, rows } = load;
const port = parentPort;
if (port === null) throw new Error("started as a worker");

const NOTE = "An order like many others; this is the text that its customer wrote beside it.";

const statements = rows === null ? Infinity : Math.ceil(rows / rowsPerTransaction);
const intervalMs = rowsPerSecond === null ? 0 : (1000 * rowsPerTransaction) / rowsPerSecond;
let next = 0;
let committed = 0;
let stopping = false;

const opened = await Promise.all(
  Array.from({ length: connections }, () =>
    createConnection({ ...server, ...account, database: "shop" }),
  ),
);
port.once("message", () => (stopping = true));
port.postMessage("ready");

const beganMs = performance.now();
await Promise.all(
  opened.map(async (connection) => {
    while (!stopping && next < statements) {
      const number = next++;
      const waitMs = beganMs + number * intervalMs - performance.now();
      // Timers have a resolution of 1 ms.
      if (waitMs >= 1) await delay(waitMs);
      await connection.query(statement(number));
      committed += rowsPerTransaction;
    }
    await connection.end();
  }),
);
const written: Written = { rows: committed, seconds: (performance.now() - beganMs) / 1000 };
port.postMessage(written);
port.close();

/**
 * The text is put together by hand, because escaping eight values a row would be slower than MySQL.
 */
function statement(number: number): string {
  const writtenUs = Math.round((performance.timeOrigin + performance.now()) * 1000);
  const placed = new Date(writtenUs / 1000).toISOString().slice(0, -1).replace("T", " ");
  const texts = Array.from({ length: rowsPerTransaction }, (_, index) => {
    const n = number * rowsPerTransaction + index;
    const amount = ((n % 10_000) / 100).toFixed(2);
    return `('customer ${n % 997}','new',${amount},'${NOTE}','${placed}',${n % 12},${writtenUs})`;
  });
  const columns = "customer, state, amount, note, placed, items, written_us";
  return `INSERT INTO \`${tables[number % tables.length]}\` (${columns}) VALUES ${texts.join(",")}`;
}
