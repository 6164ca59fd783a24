import type { ServerFacts } from "./facts.ts";
import { kindOf } from "./ledger-checks.ts";
import { REGISTRATIONS } from "../../ledger/tagging.ts";
import { type Finding, fixedByStatements, fixedByHand } from "../../../reader/source/finding.ts";
import { isRds, longestRetentionHours } from "../../../reader/source/rds.ts";

const DAY_SECONDS = 86_400;
const WANTED_RETENTION_SECONDS = 3 * DAY_SECONDS;
/** The share of the binlog retention up to which the reader's lag is not reported. */
const LAG_SHARE = 0.5;

/**
 * Checks the server as a whole. `lagSeconds` is the reader's lag; null when it is unknown.
 */
export function serverFindings(facts: ServerFacts, lagSeconds: number | null): Finding[] {
  const findings = [...retention(facts, lagSeconds)];
  if (!facts.isConnectionEncrypted) {
    findings.push(
      fixedByHand(
        'Set the configuration\'s source.tls to "verify" and give the server a certificate.',
        {
          check: "tls",
          severity: "note",
          what: "this connection is not encrypted",
          why: "if the reader's connection is not encrypted either, it carries every row in plain text",
        },
      ),
    );
  }
  if (facts.replicaOf !== null) {
    findings.push(
      fixedByHand(
        "Read from the source itself: set source.host to the address that follows the writer through a failover. On MySQL 8.3 and later, GTID tags name the authors on a replica too.",
        {
          check: "replica",
          severity: "warning",
          what: `the server is a replica of ${facts.replicaOf}`,
          why:
            facts.variables.get("log_replica_updates") === "OFF"
              ? "log_replica_updates is OFF: its binlog lacks the changes that it applies, so they are not delivered"
              : "it logs the changes that it applies without the thread id of the connection that wrote them, so their authors are unknown and all of them are parked",
        },
      ),
    );
  }
  const group = facts.variables.get("group_replication_group_name") ?? "";
  if (group !== "" && !REGISTRATIONS[kindOf(facts)].setsTag) {
    findings.push(
      fixedByHand(
        "Use GTID tags, which MySQL has from 8.3 on: docs/attribution.md says how they are installed. Set init_connect on every member.",
        {
          check: "replication-group",
          severity: "warning",
          what: `the server belongs to the replication group ${group}, and GTID tags are not installed`,
          why: "in a group, the log does not distinguish a member's own transactions from those that are played again, so their authors are unknown and all of them are parked",
        },
      ),
    );
  }
  return findings;
}

function retention(
  { retention: retentionSeconds, variables }: ServerFacts,
  lagSeconds: number | null,
): Finding[] {
  if (retentionSeconds === null) return [];
  if (retentionSeconds === "unknown") {
    return [
      fixedByHand(
        "With --mysql, name an account that may read mysql.rds_configuration, and let the reader's account read it too.",
        {
          check: "retention.unknown",
          severity: "warning",
          what: "this account may not read mysql.rds_configuration, where RDS says how long it keeps the binlog",
          why: "the doctor cannot check whether it is kept long enough; a reader that may not read it either uses the age of the oldest binlog file",
        },
      ),
    ];
  }
  const isShort = retentionSeconds < DAY_SECONDS;
  const isUsed = lagSeconds !== null && lagSeconds > retentionSeconds * LAG_SHARE;
  if (!isShort && !isUsed) return [];
  const wanted = Math.ceil(Math.max(WANTED_RETENTION_SECONDS, 4 * (lagSeconds ?? 0)) / 3600);
  const hours = Math.min(wanted, longestRetentionHours(variables) ?? wanted);
  const statement = isRds(variables)
    ? `CALL mysql.rds_set_configuration('binlog retention hours', ${hours})`
    : `SET PERSIST binlog_expire_logs_seconds = ${hours * 3600}`;
  return [
    fixedByStatements([statement], {
      check: "retention",
      ...(isUsed ? { about: "lag" } : {}),
      severity: "warning",
      what:
        `the binlog is kept for ${(retentionSeconds / 3600).toFixed(1)} hours` +
        (lagSeconds === null
          ? ""
          : `, and the reader is ${(lagSeconds / 3600).toFixed(1)} hours behind`),
      why: "changes that MySQL purges before they are read are lost",
    }),
  ];
}

const NEEDED = ["REPLICATION SLAVE", "REPLICATION CLIENT"] as const;

/** Whether `SHOW GRANTS` contains a privilege on `*.*`. */
function hasPrivilege(grants: readonly string[], privilege: string): boolean {
  return grants.some(
    (grant) => / ON \*\.\* TO /.test(grant) && new RegExp(`\\b${privilege}\\b`).test(grant),
  );
}

/** Checks that the reader's account has the privileges that it needs and no others. */
export function readerFindings(
  { readerHost, readerGrants }: ServerFacts,
  reader: string,
): Finding[] {
  const account = `'${reader}'@'${readerHost}'`;
  const grant = [
    `GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO ${account}`,
    `GRANT SELECT ON performance_schema.* TO ${account}`,
  ];
  if (readerGrants === null) {
    return [
      fixedByHand(
        `Create it with a password: CREATE USER ${account} IDENTIFIED BY '…'; ${grant.join("; ")}. Or name another one with --reader.`,
        {
          check: "reader.account",
          severity: "warning",
          what: `there is no account ${account} for the reader`,
          why: "the reader needs an account, with the privileges that it uses and no others",
        },
      ),
    ];
  }
  const everything = readerGrants.join("\n");
  const lacks = NEEDED.filter((privilege) => !hasPrivilege(readerGrants, privilege));
  const findings: Finding[] = [];
  if (
    lacks.length > 0 ||
    !/performance_schema|ON \*\.\*.*\bSELECT\b|SELECT.* ON \*\.\*/.test(everything)
  ) {
    findings.push(
      fixedByStatements(grant, {
        check: "reader.grants",
        severity: "warning",
        what: `${account} lacks ${lacks.length > 0 ? lacks.join(" and ") : "SELECT on performance_schema"}`,
        why: "the reader cannot follow the binlog or see who is connected",
      }),
    );
  }
  const surplus =
    /\b(ALL PRIVILEGES|SUPER|INSERT|UPDATE|DELETE|DROP|ALTER|CREATE|GRANT OPTION)\b/.exec(
      everything,
    );
  if (surplus !== null) {
    findings.push(
      fixedByHand(
        "Give the reader an account of its own with REPLICATION SLAVE, REPLICATION CLIENT and SELECT on performance_schema.",
        {
          check: "reader.surplus",
          severity: "warning",
          what: `${account} has ${surplus[1]}`,
          why: "anyone who obtains the reader's password could change data",
        },
      ),
    );
  }
  return findings;
}
