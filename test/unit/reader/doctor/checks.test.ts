import { describe, expect, test } from "vitest";
import { accountFindings, environmentsOf } from "../../../../reader/doctor/account-checks.ts";
import { binlogFindings } from "../../../../reader/doctor/binlog-checks.ts";
import type { Account, ServerFacts } from "../../../../reader/doctor/facts.ts";
import { connectionFindings, ledgerFindings } from "../../../../reader/doctor/ledger-checks.ts";
import { repairScript, reportText } from "../../../../reader/doctor/report.ts";
import { readerFindings, serverFindings } from "../../../../reader/doctor/server-checks.ts";
import { withRegistration } from "../../../../reader/ledger/init-connect.ts";
import { PROCEDURE_COMMENT } from "../../../../reader/ledger/objects.ts";

const SOUND = {
  version: "9.7.4",
  log_bin: "ON",
  binlog_format: "ROW",
  binlog_row_metadata: "FULL",
  binlog_row_value_options: "",
  binlog_row_image: "FULL",
  binlog_checksum: "CRC32",
  gtid_mode: "ON",
  performance_schema: "ON",
};

function variables(other: Readonly<Record<string, string>> = {}): Map<string, string> {
  return new Map(Object.entries({ ...SOUND, ...other }));
}

/** Facts of a server without a fault, apart from these. */
function facts(other: Partial<ServerFacts> = {}): ServerFacts {
  return {
    variables: variables(),
    isRds: false,
    replicaOf: null,
    retentionSeconds: 30 * 86_400,
    isConnectionEncrypted: true,
    lostThreads: 0,
    accounts: [],
    readerGrants: [
      "GRANT PROCESS, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `r`@`%`",
      "GRANT SELECT ON `performance_schema`.* TO `r`@`%`",
    ],
    ledger: {
      hasTable: true,
      hasDefiner: true,
      procedureComment: PROCEDURE_COMMENT,
      isGrantedToEverybody: true,
      exempt: [],
      initConnect: withRegistration(""),
    },
    userChanges: [],
    proxies: [],
    ...other,
  };
}

function account(user: string, other: Partial<Account> = {}): Account {
  return { user, host: "%", isLocked: false, isAdministrator: false, mayWrite: true, ...other };
}

describe("the binlog", () => {
  test("a sound server has no findings", () => {
    expect(binlogFindings(variables())).toEqual([]);
  });

  test.each([
    ["version", "5.7.44-log"],
    ["version", "10.11.6-MariaDB"],
    ["log_bin", "OFF"],
    ["binlog_format", "MIXED"],
    ["binlog_row_metadata", "MINIMAL"],
    ["binlog_row_value_options", "PARTIAL_JSON"],
  ])("%s = %s loses changes", (name, value) => {
    const findings = binlogFindings(variables({ [name]: value }));
    expect(findings.map(({ check, severity }) => [check, severity])).toEqual([[name, "loss"]]);
  });

  test.each([
    ["binlog_row_image", "MINIMAL", "warning"],
    ["binlog_checksum", "NONE", "warning"],
    ["gtid_mode", "OFF", "warning"],
    ["binlog_transaction_compression", "ON", "note"],
  ])("%s = %s is a %s", (name, value, severity) => {
    const findings = binlogFindings(variables({ [name]: value }));
    expect(findings.map((finding) => [finding.check, finding.severity])).toEqual([
      [name, severity],
    ]);
  });
});

test("compressed transactions are said to be unpacked piece by piece, not in memory", () => {
  const [note] = binlogFindings(variables({ binlog_transaction_compression: "ON" }));
  expect(note?.why).toContain("piece by piece");
  expect(note?.why).not.toContain("memory");
});

describe("the server", () => {
  test("keeps its binlog long enough, also for a reader that is behind", () => {
    expect(serverFindings(facts(), null)).toEqual([]);
    expect(serverFindings(facts({ retentionSeconds: 3600 }), null)).toMatchObject([
      { check: "retention", statements: ["SET PERSIST binlog_expire_logs_seconds = 259200"] },
    ]);
    expect(serverFindings(facts({ retentionSeconds: 2 * 86_400 }), 86_400 * 1.5)).toMatchObject([
      { check: "retention", statements: ["SET PERSIST binlog_expire_logs_seconds = 518400"] },
    ]);
    expect(serverFindings(facts({ retentionSeconds: 0, isRds: true }), null)).toMatchObject([
      { statements: ["CALL mysql.rds_set_configuration('binlog retention hours', 72)"] },
    ]);
  });

  test("a replica, and a connection in the clear, are named", () => {
    const found = serverFindings(facts({ replicaOf: "db-1", isConnectionEncrypted: false }), null);
    expect(found.map(({ check }) => check)).toEqual(["tls", "replica"]);
  });
});

describe("the reader's account", () => {
  test.each([
    [null, ["reader.account"]],
    [facts().readerGrants, []],
    [["GRANT USAGE ON *.* TO `r`@`%`"], ["reader.grants"]],
    [["GRANT ALL PRIVILEGES ON *.* TO `r`@`%`"], ["reader.grants", "reader.surplus"]],
  ])("%j", (readerGrants, checks) => {
    expect(readerFindings(facts({ readerGrants }), "r").map(({ check }) => check)).toEqual(checks);
  });
});

describe("accounts", () => {
  const environments = {
    production: { users: ["app", "app_*"] },
    staging: { users: ["app_staging", "both@10.0.*"] },
    test: { users: ["both@10.1.*"] },
  };

  test("belong to the environment that names them best", () => {
    expect(environmentsOf(account("app"), environments)).toEqual(["production"]);
    expect(environmentsOf(account("app_staging"), environments)).toEqual(["staging"]);
    expect(environmentsOf(account("both"), environments)).toEqual(["staging", "test"]);
    expect(environmentsOf(account("dba"), environments)).toEqual([]);
  });

  test.each([
    [account("app"), []],
    [account("both"), [["accounts.shared", "warning"]]],
    [account("app", { isAdministrator: true }), [["accounts.administrator", "warning"]]],
    [account("dba"), [["accounts.no-environment", "warning"]]],
    [account("dba", { isAdministrator: true }), [["accounts.no-environment", "note"]]],
    [account("monitor", { mayWrite: false }), [["accounts.no-environment", "note"]]],
    [account("role", { isLocked: true }), []],
    [account("reader"), []],
  ])("$user", (one, expected) => {
    const found = accountFindings(facts({ accounts: [one] }), environments, "reader");
    expect(found.map(({ check, severity }) => [check, severity])).toEqual(expected);
  });
});

describe("the ledger and its connections", () => {
  const { ledger } = facts();

  test.each([
    [ledger, []],
    [{ ...ledger, initConnect: "" }, ["ledger.missing"]],
    [{ ...ledger, hasTable: false }, ["ledger.incomplete"]],
    [{ ...ledger, initConnect: "CALL binlog_router.register_session()" }, ["ledger.incomplete"]],
    [{ ...ledger, exempt: [{ user: "a", host: "%" }] }, ["ledger.locked-out"]],
  ])("case %#", (of, checks) => {
    expect(ledgerFindings(facts({ ledger: of })).map(({ check }) => check)).toEqual(checks);
  });

  test("on RDS init_connect is left to the parameter group", () => {
    const [found] = ledgerFindings(facts({ isRds: true, ledger: { ...ledger, initConnect: "" } }));
    expect(found?.statements.some((statement) => statement.includes("init_connect"))).toBe(false);
    expect(found?.remedy).toContain("parameter group");
  });

  test("changes of user, proxies and missing threads are named", () => {
    const found = connectionFindings(
      facts({
        userChanges: [{ name: "app@%", count: 3 }],
        proxies: [{ name: "proxysql", count: 20 }],
        lostThreads: 5,
      }),
    );
    expect(found.map(({ check }) => check)).toEqual([
      "connections.change-user",
      "connections.proxy",
      "performance_schema",
    ]);
  });
});

test("the script sets delimiters around routines, and leaves notes out", () => {
  const findings = ledgerFindings(facts({ ledger: { ...facts().ledger, initConnect: "" } }));
  const script = repairScript(findings);
  expect(script.match(/^DELIMITER \$\$$/gm)).toHaveLength(3);
  expect(script).toContain("SET PERSIST init_connect = 'SET ROLE NONE; CALL");
  expect(reportText([])).toBe("Nothing has to be mended.");
});
