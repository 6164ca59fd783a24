import { beforeAll, expect, test } from "vitest";
import { installLedger, uninstallLedger } from "../../../operator/ledger/install-ledger.ts";
import type { Registration } from "../../../operator/ledger/tagging.ts";
import { type Account, useMysql } from "../../support/mysql.ts";

// Times of a login and of a commit with no registration, the ledger, tags, or both. The variants
// alternate, so that other load on the machine affects all of them.

const ROUNDS = 12;
const LOGINS = 10;
const COMMITS = 60;
/** Far longer than a small transaction takes on a busy machine. */
const ALLOWED_MS = 400;

const mysql = useMysql();
let account: Account;

beforeAll(async () => {
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY)");
  account = await mysql.createAccount("app_staging", ["ALL ON shop.*"]);
});

async function use(registration: Registration | null): Promise<void> {
  const administrator = await mysql.connect();
  if (registration === null) await uninstallLedger(administrator);
  else await installLedger(administrator, registration);
}

async function binlogEnd(): Promise<number> {
  const [status] = await mysql.query<{ Position: number }>("SHOW BINARY LOG STATUS");
  return status?.Position ?? 0;
}

interface Cost {
  readonly loginMs: number[];
  readonly commitMs: number[];
  bytesPerLogin: number;
  bytesPerCommit: number;
}

async function measure(cost: Cost): Promise<void> {
  const before = await binlogEnd();
  for (let i = 0; i < LOGINS; i++) {
    const startedMs = performance.now();
    const connection = await mysql.connect(account);
    await connection.query("SELECT 1");
    cost.loginMs.push(performance.now() - startedMs);
    connection.destroy();
  }
  const connection = await mysql.connect(account);
  const between = await binlogEnd();
  for (let i = 0; i < COMMITS; i++) {
    const startedMs = performance.now();
    await connection.query("INSERT INTO shop.orders VALUES ()");
    cost.commitMs.push(performance.now() - startedMs);
  }
  connection.destroy();
  cost.bytesPerLogin = (between - before) / (LOGINS + 1);
  cost.bytesPerCommit = ((await binlogEnd()) - between) / COMMITS;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

test(
  "a login and a commit take about as long with tags as without",
  { timeout: 120_000 },
  async () => {
    const ways = [null, "ledger", "tags", "ledger-and-tags"] as const;
    const costs = new Map(
      ways.map((way): [typeof way, Cost] => [
        way,
        { loginMs: [], commitMs: [], bytesPerLogin: 0, bytesPerCommit: 0 },
      ]),
    );
    for (let round = 0; round < ROUNDS; round++) {
      for (const [way, cost] of costs) {
        await use(way);
        await measure(cost);
      }
    }
    for (const [way, cost] of costs) {
      console.info(
        `${way ?? "nothing"}: login ${median(cost.loginMs).toFixed(2)} ms and ${cost.bytesPerLogin.toFixed(0)} bytes of binlog, ` +
          `commit ${median(cost.commitMs).toFixed(2)} ms and ${cost.bytesPerCommit.toFixed(0)} bytes`,
      );
    }
    const nothing = costs.get(null);
    const tags = costs.get("tags");
    expect(tags?.bytesPerLogin).toBe(0);
    expect(median(tags?.loginMs ?? [])).toBeLessThan(median(nothing?.loginMs ?? []) + ALLOWED_MS);
    expect((tags?.bytesPerCommit ?? 0) - (nothing?.bytesPerCommit ?? 0)).toBeLessThan(60);
  },
);
