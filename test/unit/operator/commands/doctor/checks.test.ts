import { describe, expect, test } from "vitest";
import {
  accountFindings,
  environmentsOf,
  missingUserFindings,
} from "../../../../../operator/commands/doctor/account-checks.ts";
import { withAcceptances } from "../../../../../operator/commands/doctor/accept.ts";
import { binlogFindings } from "../../../../../reader/source/binlog-checks.ts";
import type { Finding } from "../../../../../reader/source/finding.ts";
import type { Account, ServerFacts } from "../../../../../operator/commands/doctor/facts.ts";
import {
  connectionFindings,
  ledgerFindings,
} from "../../../../../operator/commands/doctor/ledger-checks.ts";
import { repairScript, reportText } from "../../../../../operator/commands/doctor/report.ts";
import {
  readerFindings,
  serverFindings,
} from "../../../../../operator/commands/doctor/server-checks.ts";
import { withRegistration } from "../../../../../operator/ledger/init-connect.ts";
import { SLOTS } from "../../../../../operator/ledger/objects.ts";

const SOUND = {
  version: "9.7.4",
  log_bin: "ON",
  binlog_format: "ROW",
  binlog_row_metadata: "FULL",
  binlog_row_value_options: "",
  binlog_row_image: "FULL",
  binlog_checksum: "CRC32",
  binlog_error_action: "ABORT_SERVER",
  sync_binlog: "1",
  gtid_mode: "ON",
  performance_schema: "ON",
};

function variables(other: Readonly<Record<string, string>> = {}): Map<string, string> {
  return new Map(Object.entries({ ...SOUND, ...other }));
}

/** Facts of a server without a fault; `other` replaces some of them. */
function facts(other: Partial<ServerFacts> = {}): ServerFacts {
  return {
    variables: variables(),
    replicaOf: null,
    retention: 30 * 86_400,
    isConnectionEncrypted: true,
    lostThreads: 0,
    accounts: [],
    readerHost: "%",
    readerGrants: [
      "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `r`@`%`",
      "GRANT SELECT ON `performance_schema`.* TO `r`@`%`",
    ],
    ledger: {
      slots: SLOTS,
      hasDefiner: true,
      mayDefinerWrite: true,
      registration: "ledger",
      isGrantedToEverybody: true,
      isEverybodyOurs: true,
      exempt: [],
      initConnect: withRegistration(""),
    },
    tags: { mayDefinerTag: false, setters: [], followers: [], resets: [] },
    userChanges: [],
    proxies: [],
    ...other,
  };
}

/** The findings as `doctor` reports them when the configuration accepts no finding. */
const reported = (findings: readonly Finding[]) => withAcceptances(findings, {});

/** The variable that identifies RDS, where parameter groups set server variables. */
const ON_RDS = { basedir: "/rdsdbbin/mysql/" };

/** The lines of the repair script for a ledger on RDS. */
function scriptOnRds(other: Partial<ServerFacts["ledger"]>): string[] {
  const ledger = { ...facts().ledger, ...other };
  return repairScript(
    reported(ledgerFindings(facts({ variables: variables(ON_RDS), ledger }))),
  ).split("\n");
}

function account(user: string, other: Partial<Account> = {}): Account {
  return {
    user,
    host: "%",
    isLocked: false,
    adminPrivileges: [],
    adminRoles: [],
    questionsPerHour: 0,
    mayWrite: true,
    ...other,
  };
}

describe("the binlog", () => {
  test("a sound server has no findings", () => {
    expect(binlogFindings(variables())).toEqual([]);
  });

  test.each([
    ["version", "5.7.44-log"],
    ["version", "10.11.6-MariaDB"],
    ["version", "8.0.28"],
    ["log_bin", "OFF"],
    ["binlog_format", "MIXED"],
    ["binlog_row_metadata", "MINIMAL"],
    ["binlog_row_value_options", "PARTIAL_JSON"],
  ])("%s = %s loses changes", (name, value) => {
    const findings = binlogFindings(variables({ [name]: value }));
    expect(findings.map(({ check, severity }) => [check, severity])).toEqual([[name, "loss"]]);
  });

  test.each(["8.0.29", "8.0.45-0ubuntu0.24.04.1", "8.4.3", "9.7.4-2"])("%s is read", (version) => {
    expect(binlogFindings(variables({ version }))).toEqual([]);
  });

  test("on RDS every remedy is in the parameter group, and no statement is printed", () => {
    const findings = binlogFindings(
      variables({
        ...ON_RDS,
        binlog_row_metadata: "MINIMAL",
        binlog_row_image: "MINIMAL",
        binlog_checksum: "NONE",
        binlog_error_action: "IGNORE_ERROR",
        sync_binlog: "0",
        gtid_mode: "OFF",
      }),
    );
    expect(findings).toHaveLength(6);
    for (const { remedy, statements } of findings) {
      expect(remedy).toContain("parameter group");
      expect(statements).toEqual([]);
    }
    expect(binlogFindings(variables({ ...ON_RDS, log_bin: "OFF" }))[0]?.remedy).toContain(
      "backups",
    );
  });

  test.each([
    ["binlog_row_image", "MINIMAL", "warning"],
    ["binlog_checksum", "NONE", "warning"],
    ["binlog_error_action", "IGNORE_ERROR", "warning"],
    ["sync_binlog", "0", "warning"],
    ["sync_binlog", "1000", "warning"],
    ["gtid_mode", "OFF", "warning"],
    ["binlog_transaction_compression", "ON", "note"],
  ])("%s = %s is a %s", (name, value, severity) => {
    const findings = binlogFindings(variables({ [name]: value }));
    expect(findings.map((finding) => [finding.check, finding.severity])).toEqual([
      [name, severity],
    ]);
  });
});

test("the note on compressed transactions says that they are unpacked piece by piece, not in memory", () => {
  const [note] = binlogFindings(variables({ binlog_transaction_compression: "ON" }));
  expect(note?.why).toContain("piece by piece");
  expect(note?.why).not.toContain("memory");
});

describe("the server", () => {
  test("keeps its binlog long enough, also for a reader that is behind", () => {
    expect(serverFindings(facts(), null)).toEqual([]);
    expect(serverFindings(facts({ retention: 3600 }), null)).toMatchObject([
      { check: "retention", statements: ["SET PERSIST binlog_expire_logs_seconds = 259200"] },
    ]);
    expect(serverFindings(facts({ retention: 2 * 86_400 }), 86_400 * 1.5)).toMatchObject([
      { check: "retention", statements: ["SET PERSIST binlog_expire_logs_seconds = 518400"] },
    ]);
  });

  test.each([
    ["RDS", {}, 0, 72],
    ["RDS, which takes a week at most", {}, 5 * 86_400, 168],
    ["Aurora, which takes 90 days at most", { aurora_version: "3.08.0" }, 60 * 86_400, 2160],
  ])("%s keeps its binlog by a procedure of its own", (_, other, lagSeconds, hours) => {
    const onRds = facts({ retention: 0, variables: variables({ ...ON_RDS, ...other }) });
    expect(serverFindings(onRds, lagSeconds)).toMatchObject([
      { statements: [`CALL mysql.rds_set_configuration('binlog retention hours', ${hours})`] },
    ]);
  });

  test("a replica and an unencrypted connection are findings", () => {
    const found = serverFindings(facts({ replicaOf: "db-1", isConnectionEncrypted: false }), null);
    expect(found.map(({ check }) => check)).toEqual(["tls", "replica"]);
  });

  test.each([
    ["OFF", "not delivered"],
    ["ON", "parked"],
  ])("of a replica with log_replica_updates %s, its changes are %s", (value, why) => {
    const logged = variables({ log_replica_updates: value });
    const found = serverFindings(facts({ replicaOf: "db-1", variables: logged }), null);
    expect(found).toMatchObject([{ check: "replica", why: expect.stringContaining(why) }]);
  });

  test("a member of a replication group without GTID tags is a finding", () => {
    const ofGroup = variables({ group_replication_group_name: "aaaa-bbbb" });
    const found = serverFindings(facts({ variables: ofGroup }), null);
    expect(found).toMatchObject([{ check: "replication-group" }]);
    expect(found[0]?.what).toContain("aaaa-bbbb");
    const ledger = { ...facts().ledger, registration: "ledger-and-tags" } as const;
    expect(serverFindings(facts({ variables: ofGroup, ledger }), null)).toEqual([]);
    const outside = variables({ group_replication_group_name: "" });
    expect(serverFindings(facts({ variables: outside }), null)).toEqual([]);
  });
});

describe("the reader's account", () => {
  test.each([
    [null, ["reader.account"]],
    [facts().readerGrants, []],
    [["GRANT USAGE ON *.* TO `r`@`%`"], ["reader.grants"]],
    [["GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `r`@`%`"], []],
    [["GRANT SELECT, REPLICATION SLAVE ON *.* TO `r`@`%`"], ["reader.grants"]],
    [["GRANT ALL PRIVILEGES ON *.* TO `r`@`%`"], ["reader.grants", "reader.surplus"]],
  ])("%j", (readerGrants, checks) => {
    expect(readerFindings(facts({ readerGrants }), "r").map(({ check }) => check)).toEqual(checks);
  });
});

test("the reader's missing grants are for the account with its own host", () => {
  const readerGrants = ["GRANT USAGE ON *.* TO `r`@`10.0.%`"];
  const [finding] = readerFindings(facts({ readerHost: "10.0.%", readerGrants }), "r");
  expect(finding?.what).toContain("'r'@'10.0.%'");
  for (const statement of finding?.statements ?? []) {
    expect(statement).toMatch(/ TO 'r'@'10\.0\.%'$/);
  }
  expect(finding?.statements).toHaveLength(2);
});

test("users that only the configuration has are named, patterns are not", () => {
  const environments = { production: { users: ["app", "ap", "app_*", "gone@10.%"] } };
  const found = missingUserFindings(facts({ accounts: [account("app")] }), environments);
  expect(found.map(({ what }) => what)).toEqual([
    "the environment production names the user ap, which the server does not have",
    "the environment production names the user gone, which the server does not have",
  ]);
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
    [account("app", { adminPrivileges: ["SUPER"] }), [["accounts.administrator", "warning"]]],
    [account("app", { adminRoles: ["'dba'@'%'"] }), [["accounts.administrator", "warning"]]],
    [account("app", { questionsPerHour: 100 }), [["accounts.limited", "warning"]]],
    [account("dba"), [["accounts.no-environment", "warning"]]],
    [account("dba", { adminPrivileges: ["SUPER"] }), [["accounts.no-environment", "note"]]],
    [account("monitor", { mayWrite: false }), [["accounts.no-environment", "note"]]],
    [account("role", { isLocked: true }), []],
    [account(""), [["accounts.anonymous", "warning"]]],
    [account("", { isLocked: true }), []],
    [account("reader"), []],
  ])("$user", (one, expected) => {
    const found = accountFindings(facts({ accounts: [one] }), environments, "reader");
    expect(found.map(({ check, severity }) => [check, severity])).toEqual(expected);
  });
});

test("the script revokes an administrator's own privileges, and leaves those of its roles to a person", () => {
  const environments = { production: { users: ["app"] } };
  const found = (other: Partial<Account>) =>
    accountFindings(facts({ accounts: [account("app", other)] }), environments, "reader")[0];
  expect(found({ adminPrivileges: ["CONNECTION_ADMIN", "SUPER"] })?.statements).toEqual([
    "REVOKE CONNECTION_ADMIN, SUPER ON *.* FROM 'app'@'%'",
  ]);
  expect(found({ adminRoles: ["'dba'@'%'"] })).toMatchObject({ statements: [] });
  expect(found({ adminRoles: ["'dba'@'%'"] })?.remedy).toContain("'dba'@'%'");
});

describe("the ledger and its connections", () => {
  const { ledger } = facts();

  test.each([
    [ledger, []],
    [{ ...ledger, initConnect: "" }, ["ledger.missing"]],
    [{ ...ledger, slots: null }, ["ledger.incomplete"]],
    [{ ...ledger, slots: 12 }, ["ledger.incomplete"]],
    [{ ...ledger, mayDefinerWrite: false }, ["ledger.incomplete"]],
    [{ ...ledger, registration: "other" as const }, ["ledger.incomplete"]],
    [{ ...ledger, initConnect: "CALL binlog_router.register_session()" }, ["ledger.incomplete"]],
    [{ ...ledger, registration: null }, ["ledger.lockout"]],
    [{ ...ledger, hasDefiner: false }, ["ledger.lockout"]],
    [{ ...ledger, isGrantedToEverybody: false }, ["ledger.lockout"]],
    [{ ...ledger, exempt: [{ user: "a", host: "%" }] }, ["ledger.locked-out"]],
  ])("case %#", (of, checks) => {
    expect(ledgerFindings(facts({ ledger: of })).map(({ check }) => check)).toEqual(checks);
  });

  test("a lockout comes first, and the first statement of its script lets everybody in", () => {
    const broken = {
      ...ledger,
      registration: null,
      initConnect: "SET @a = 1; call `binlog_router`.register_session ( ) ; SET @b = 2",
    };
    const findings = [
      ...binlogFindings(variables({ binlog_row_metadata: "MINIMAL" })),
      ...ledgerFindings(facts({ ledger: broken })),
    ];
    expect(reportText(reported(findings))).toMatch(
      /^LOCKED OUT  ledger.lockout: .*a procedure is missing/,
    );
    const [comment, delivering] = repairScript(reported(findings)).split("\n");
    expect(comment).toMatch(/^-- ledger.lockout:/);
    expect(delivering).toBe("SET GLOBAL init_connect = 'SET @a = 1; SET @b = 2';");
  });

  test("an account that cannot log in is a lockout only while init_connect calls the ledger", () => {
    const exempt = [{ user: "a", host: "%" }];
    const severities = (initConnect: string) =>
      ledgerFindings(facts({ ledger: { ...ledger, exempt, initConnect } }))
        .filter(({ check }) => check === "ledger.locked-out")
        .map(({ severity }) => severity);
    expect(severities(withRegistration(""))).toEqual(["lockout"]);
    expect(severities("")).toEqual(["warning"]);
  });

  test("on RDS the script says at which step to set init_connect in the parameter group", () => {
    const install = scriptOnRds({ initConnect: "" });
    expect(install.filter((line) => line.includes("init_connect"))).toEqual([
      "-- ledger.missing: the session ledger is installed, but init_connect does not call it",
      `-- Then, by hand: Set init_connect in the parameter group to: ${withRegistration("")}`,
    ]);
    const mend = scriptOnRds({ registration: null });
    expect(mend[1]).toMatch(
      /^-- First, by hand: Set init_connect in the parameter group to nothing/,
    );
    expect(mend.some((line) => line.startsWith("SET GLOBAL"))).toBe(false);
  });

  test.each([
    [{}, []],
    [{ rpl_semi_sync_source_enabled: "ON", rpl_semi_sync_source_timeout: "10000" }, ["note"]],
    [{ rpl_semi_sync_source_enabled: "ON", rpl_semi_sync_source_timeout: "60000" }, ["warning"]],
    [{ rpl_semi_sync_master_enabled: "ON", rpl_semi_sync_master_timeout: "60000" }, ["warning"]],
    [{ rpl_semi_sync_source_enabled: "OFF", rpl_semi_sync_source_timeout: "60000" }, []],
  ])("a login waits for a replica as a commit does: %j", (other, severities) => {
    const found = ledgerFindings(facts({ variables: variables(other) }));
    expect(found.map(({ severity }) => severity)).toEqual(severities);
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
  const script = repairScript(reported(findings));
  expect(script.match(/^DELIMITER \$\$$/gm)).toHaveLength(4);
  expect(script).toContain("SET PERSIST init_connect = 'SET ROLE NONE; CALL");
  expect(reportText([])).toBe("Nothing has to be fixed.");
});
