import { describe, expect, test, vi } from "vitest";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { splitOf } from "../../support/short-connections.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

const mysql = useMysql();
const shared = useThreeEnvironments(mysql);

/** The number of times that the reader has read the process list. */
async function looks(): Promise<number> {
  const [row] = await mysql.query<{ count: string | null }>(
    `SELECT SUM(count_star) AS count FROM performance_schema.events_statements_summary_by_digest
     WHERE digest_text LIKE '%threads%' AND digest_text NOT LIKE '%by_digest%'`,
  );
  return Number(row?.count ?? 0);
}

// A connection that changed its user before its first write. It has no tag and, without the ledger,
// no row. The process list shows only its current user.
describe.each(["tags", "ledger-and-tags"] as const)("with %s", (kind) => {
  test("changes of a user between two others are not attributed to either", async () => {
    await installLedger(await mysql.connect(), kind);
    await using bench = await ReaderBench.create(shared.aws, mysql.server, { SWEEP_SECONDS: "1" });
    const [first, second, third] = shared.accounts;
    const reader = await bench.start();
    await mysql.query("INSERT INTO shop.orders VALUES (99, 'root')");
    await bench.takeFrames(1);
    expect(await reader.stop()).toBe(0);

    const away = await mysql.connect(first);
    await away.changeUser(second);
    await away.query("INSERT INTO shop.orders VALUES (1, ?)", [second.user]);
    await away.changeUser(third);
    await bench.start();
    expect(splitOf(await bench.takeFrames(1))).toMatchObject({ wrong: 0, unknown: 1 });

    const seen = await mysql.connect(first);
    const before = await looks();
    await vi.waitUntil(async () => (await looks()) >= before + 2, 60_000);
    await seen.changeUser(second);
    await seen.query("INSERT INTO shop.orders VALUES (2, ?)", [second.user]);
    await seen.changeUser(first);
    expect(splitOf(await bench.takeFrames(1))).toMatchObject({ wrong: 0, unknown: 1 });
    await seen.query("INSERT INTO shop.orders VALUES (3, ?)", [first.user]);
    expect(splitOf(await bench.takeFrames(1))).toMatchObject({ right: 1, wrong: 0 });
  });
});
