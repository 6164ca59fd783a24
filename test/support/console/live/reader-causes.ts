import { setTimeout as delay } from "node:timers/promises";
import { createConnection, type Connection } from "mysql2/promise";
import { RAW, refuse, signalAll, type LiveCause } from "./cause.ts";

/** A connection that stays open from the beginning to the end of a cause. */
let open: Connection | null = null;

async function closeOpen(): Promise<void> {
  await open?.end();
  open = null;
}

/** Causes in the readers, in MySQL and between them. */
export const READER_CAUSES: readonly LiveCause[] = [
  {
    name: "An XA transaction commits that was prepared before reading began",
    rings: ["XA transaction without its changes"],
    begin: async (stack) => {
      await using connection = await createConnection(stack.account("staging"));
      await connection.query("XA COMMIT 'before'");
    },
    end: () => undefined,
  },
  {
    name: "An application changes users on open connections",
    rings: ["Users changed on open connections"],
    begin: async (stack) => {
      open = await createConnection(stack.account("staging"));
      const order = "INSERT INTO shop.orders (customer, total) VALUES ('Ada', 1)";
      await open.query(order);
      const { user, password } = stack.account("test");
      await open.changeUser({ user, password });
      // Wait until the reader has read the process list, which it does each second.
      await delay(4_000);
      await open.query(order);
    },
    end: closeOpen,
  },
  {
    name: "No task of the reader runs",
    rings: ["Reader not reporting", "Standby missing"],
    stopsAll: true,
    begin: signalAll("SIGSTOP"),
    end: signalAll("SIGCONT"),
  },
  {
    name: "An error that a person must act on: wrong password, purged binlog, another history",
    rings: ["Reader stopped", "Reader not reporting", "Reader held up", "Lag", "Standby missing"],
    stopsAll: true,
    begin: async (stack) => {
      await stack.administrate("ALTER USER binlog_router@'%' IDENTIFIED BY 'another'");
      stack.proxy.cut();
    },
    end: (stack) =>
      stack.administrate(
        `ALTER USER binlog_router@'%' IDENTIFIED BY '${stack.source.reader.password}'`,
      ),
  },
  {
    name: "The raw queue does not take frames: the lag grows",
    rings: ["Lag"],
    stopsAll: true,
    begin: (stack) => {
      stack.isWriting = true;
      refuse(stack, "sqs", "SendMessage*", RAW);
    },
    end: ({ aws }) => aws.faults.clear(),
  },
  {
    name: "MySQL will soon purge binlog that is not read",
    rings: ["Lag", "Retention risk"],
    stopsAll: true,
    begin: async (stack) => {
      await stack.administrate("SET GLOBAL binlog_expire_logs_seconds = 20");
      // The reader asks for the retention when it connects.
      stack.proxy.cut();
      stack.isWriting = true;
      refuse(stack, "sqs", "SendMessage*", RAW);
    },
    end: async (stack) => {
      stack.aws.faults.clear();
      await stack.administrate("SET GLOBAL binlog_expire_logs_seconds = 2592000");
      stack.proxy.cut();
    },
  },
  {
    name: "The standby is lost",
    rings: ["Standby missing"],
    begin: (stack) => stack.readers.standby?.stop(),
    end: (stack) => stack.readers.startStandby(),
  },
  {
    name: "The lease keeps changing hands",
    rings: ["Lease flapping"],
    begin: async (stack) => {
      for (let change = 0; change < 3; change++) {
        const before = reported(await stack.log("reader"), "LeaseTaken");
        const holder = await stack.readers.holder();
        const { standby } = stack.readers;
        process.kill(holder, "SIGTERM");
        if (standby?.pid === holder) {
          await standby.exited;
          await stack.readers.startStandby();
        }
        // Wait for the report: a reader that ends before it has not reported that it took the
        // lease.
        while (reported(await stack.log("reader"), "LeaseTaken") === before) await delay(100);
      }
    },
    end: () => undefined,
  },
  {
    name: "An XA transaction is left prepared",
    rings: ["XA transaction left prepared"],
    begin: (stack) => prepareXa(stack.account("staging"), "left"),
    end: async (stack) => {
      await using connection = await createConnection(stack.account("staging"));
      await connection.query("XA COMMIT 'left'");
    },
  },
  {
    name: "A snapshot cannot continue until an operator acts",
    rings: ["Snapshot stopped"],
    begin: async (stack) => {
      await using connection = await createConnection(stack.account("staging"));
      await connection.query(
        `INSERT INTO shop.orders (customer, total) VALUES ${Array(20).fill("('Ada', 1)").join(", ")}`,
      );
      await connection.query(
        "INSERT INTO shop.payments (order_id, method, amount) VALUES (1, 'card', 1)",
      );
      // The snapshot reads the second table some seconds after the first one.
      const tables = ["--tables", "shop.orders,shop.payments", "--rate", "4"];
      const order = ["--subscriber", "billing", "--environment", "staging"];
      await stack.operator("snapshot", "start", ...order, ...tables);
      await stack.administrate("REVOKE SELECT ON shop.* FROM binlog_router@'%'");
    },
    end: async (stack) => {
      await stack.administrate("GRANT SELECT ON shop.* TO binlog_router@'%'");
      const [snapshot] = JSON.parse(await stack.operator("snapshot", "list", "--json")) as {
        readonly id: string;
      }[];
      await stack.operator("snapshot", "resume", snapshot?.id ?? "");
    },
  },
  {
    name: "The reader's tasks keep ending",
    rings: ["Reader starts again and again"],
    begin: async (stack) => {
      const before = reported(await stack.log("reader"), "ReaderStarts");
      for (let task = 1; task <= 5; task++) {
        const started = await stack.readers.start(0);
        while (reported(await stack.log("reader"), "ReaderStarts") < before + task) await delay(50);
        started.kill();
        await started.exited;
      }
    },
    end: () => undefined,
  },
];

/** How many reports of the readers have the value 1 for a metric. */
function reported(log: string, metric: string): number {
  return log.split(`"${metric}":1`).length - 1;
}

/** Prepares an XA transaction that changes a row. */
export async function prepareXa(
  account: { host: string; port: number; user: string; password: string },
  xid: string,
): Promise<void> {
  await using connection = await createConnection(account);
  await connection.query("XA START ?", [xid]);
  await connection.query("INSERT INTO shop.orders (customer, total) VALUES ('Ada', 1)");
  await connection.query("XA END ?", [xid]);
  await connection.query("XA PREPARE ?", [xid]);
}
