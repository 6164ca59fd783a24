import { describe, expect, test } from "vitest";
import type { Account, ServerFacts } from "../../../../../operator/commands/doctor/facts.ts";
import { withAcceptances } from "../../../../../operator/commands/doctor/accept.ts";
import {
  tagFindings,
  type WantedTags,
} from "../../../../../operator/commands/doctor/tag-checks.ts";
import { repairScript } from "../../../../../operator/commands/doctor/report.ts";
import { withRegistration } from "../../../../../operator/ledger/init-connect.ts";
import { SLOTS } from "../../../../../operator/ledger/objects.ts";

type Tags = ServerFacts["tags"];

/** Facts of a server with tags and without a fault; the arguments replace some of them. */
function facts({
  ledger,
  tags,
  ...other
}: {
  readonly ledger?: Partial<ServerFacts["ledger"]>;
  readonly tags?: Partial<Tags>;
  readonly version?: string;
  readonly gtidMode?: string;
  readonly accounts?: readonly Account[];
} = {}): ServerFacts {
  const { version = "9.7.4", gtidMode = "ON", accounts = [] } = other;
  return {
    variables: new Map([
      ["version", version],
      ["gtid_mode", gtidMode],
    ]),
    replicaOf: null,
    retention: null,
    isConnectionEncrypted: true,
    lostThreads: 0,
    accounts,
    readerHost: "%",
    readerGrants: null,
    ledger: {
      slots: SLOTS,
      hasDefiner: true,
      mayDefinerWrite: true,
      registration: "ledger-and-tags",
      isGrantedToEverybody: true,
      isEverybodyOurs: true,
      exempt: [],
      initConnect: withRegistration(""),
      ...ledger,
    },
    tags: { mayDefinerTag: true, setters: [], followers: [], resets: [], ...tags },
    userChanges: [],
    proxies: [],
  };
}

const account = (user: string, isLocked = false): Account => ({
  user,
  host: "%",
  isLocked,
  adminPrivileges: [],
  adminRoles: [],
  questionsPerHour: 0,
  mayWrite: true,
});

const found = (of: ServerFacts, wanted: WantedTags = "none"): string[] =>
  tagFindings(of, wanted, "binlog_router").map(({ check, severity }) => `${severity} ${check}`);

const untagged = { registration: "ledger" } as const;

describe("GTID tags", () => {
  test("give no finding where they are not wanted, or where they are complete", () => {
    expect(found(facts({ ledger: untagged, version: "8.0.40" }))).toEqual([]);
    expect(found(facts())).toEqual([]);
    expect(found(facts(), "with-ledger")).toEqual([]);
  });

  test("are installed by the script, with the ledger, and init_connect is empty meanwhile", () => {
    const findings = tagFindings(facts({ ledger: untagged }), "with-ledger", "binlog_router");
    expect(findings.map(({ check }) => check)).toEqual(["tags.missing"]);
    const script = repairScript(withAcceptances(findings, {}));
    const order = [
      "SET GLOBAL init_connect = ''",
      "GRANT TRANSACTION_GTID_TAG, SESSION_VARIABLES_ADMIN ON *.* TO 'binlog_router_ledger'@'localhost'",
      "PROCEDURE binlog_router.register_session()",
      "SET PERSIST init_connect = 'SET ROLE NONE; CALL binlog_router.register_session()",
    ].map((part) => script.indexOf(part));
    expect(order.every((at, i) => at > (order[i - 1] ?? 0))).toBe(true);
  });

  test("alone keep an installed ledger, and are installed without its table where there is none", () => {
    const [beside, alone] = [SLOTS, null].map((slots) => {
      const ledger = { registration: slots === null ? null : "ledger", slots } as const;
      const findings = tagFindings(facts({ ledger }), "alone", "binlog_router");
      return { script: repairScript(withAcceptances(findings, {})), remedy: findings[0]?.remedy };
    });
    expect(beside?.remedy).toContain("The session ledger is installed and stays");
    expect(beside?.script).toContain("UPDATE binlog_router.sessions");
    expect(alone?.remedy).toContain("--tags --no-ledger --sql");
    expect(alone?.script).toContain("SET SESSION gtid_next");
    expect(alone?.script).not.toContain("binlog_router.sessions");
  });

  test.each([
    ["the server is 8.0.45, and tags need 8.3 or later", { version: "8.0.45" }],
    ["gtid_mode is OFF_PERMISSIVE", { gtidMode: "OFF_PERMISSIVE" }],
    [
      "the replica of r@10.0.0.1 is 8.0.40",
      { tags: { followers: [{ name: "r@10.0.0.1", replicaVersion: "8.0.40" }] } },
    ],
  ])("are refused, with no statement: %s", (why, other) => {
    const [finding] = tagFindings(
      facts({ ledger: untagged, ...other }),
      "with-ledger",
      "binlog_router",
    );
    expect(finding?.check).toBe("tags.impossible");
    expect(finding?.what).toContain(why);
    expect(finding?.statements).toEqual([]);
  });

  test("report other programs that read the binlog, but neither the reader nor a replica that knows tags", () => {
    const followers = [
      { name: "binlog_router@10.0.0.2", replicaVersion: null },
      { name: "repl@10.0.0.3", replicaVersion: "8.4.3" },
      { name: "maxwell@10.0.0.4", replicaVersion: null },
    ];
    expect(found(facts({ tags: { followers } }))).toEqual(["warning tags.readers"]);
    const [finding] = tagFindings(facts({ tags: { followers } }), "none", "binlog_router");
    expect(finding?.what).toBe("other programs read the binlog: maxwell@10.0.0.4");
  });

  test("report what removes tags, which accounts may set any tag, and which names are too long", () => {
    const accounts = [account("a".repeat(30)), account("b".repeat(30), true), account("app")];
    const of = facts({
      accounts,
      tags: {
        mayDefinerTag: false,
        setters: ["'dba'@'%'"],
        resets: [{ name: "app@%", count: 3 }],
      },
    });
    expect(found(of)).toEqual([
      "warning tags.privileges",
      "note tags.setters",
      "note tags.long-names",
      "warning connections.reset",
    ]);
    expect(found(facts({ gtidMode: "OFF" }))).toEqual(["warning tags.gtid-mode"]);
  });
});
