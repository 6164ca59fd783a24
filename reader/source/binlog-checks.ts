import { type Finding, fixedByHand, fixedBySetting } from "./finding.ts";
import { isAurora, isRds } from "./rds.ts";
import { versionFindings } from "./server-version.ts";
import type { ServerVariables } from "./server-variables.ts";

/** The variables that `binlogFindings` checks. */
export const BINLOG_VARIABLES = [
  "aurora_version",
  "basedir",
  "innodb_read_only",
  "version",
  "version_comment",
  "log_bin",
  "binlog_format",
  "binlog_row_metadata",
  "binlog_row_value_options",
  "binlog_row_image",
  "binlog_transaction_compression",
  "binlog_checksum",
  "binlog_error_action",
  "sync_binlog",
  "gtid_mode",
  "enforce_gtid_consistency",
] as const;

const RECONNECT = "and reconnect the applications";

/**
 * Checks whether a server's variables make it write the binlog that the reader needs. Findings of
 * severity `loss` come first; the reader refuses to start on them.
 */
export function binlogFindings(variables: ServerVariables): Finding[] {
  const version = versionFindings(variables);
  if (version.length > 0) return version;
  if (isAurora(variables) && variables.get("innodb_read_only") === "ON") return [readerEndpoint()];
  if (variables.get("log_bin") !== "ON") {
    return [
      fixedByHand(
        isRds(variables)
          ? "Turn automated backups on (RDS for MySQL), or set binlog_format to ROW in the cluster parameter group and reboot (Aurora)."
          : "Start the server with --log-bin.",
        {
          check: "log_bin",
          severity: "loss",
          what: "log_bin is OFF",
          why: "there is no binlog to read",
        },
      ),
    ];
  }
  return [...losses(variables), ...warnings(variables)];
}

/** Reader instances of an Aurora cluster have no binlog. */
function readerEndpoint(): Finding {
  return fixedByHand(
    "Name the cluster's writer endpoint as source.host; it follows the writer through a failover.",
    {
      check: "innodb_read_only",
      severity: "loss",
      what: "innodb_read_only is ON: this is a reader instance of an Aurora cluster",
      why: "only the cluster's writer has a binlog",
    },
  );
}

function losses(variables: ServerVariables): Finding[] {
  const findings: Finding[] = [];
  const wants = (name: string, wanted: string, why: string): void => {
    const value = variables.get(name);
    // A release without this variable always behaves as wanted.
    if (value === undefined || value === wanted) return;
    findings.push(
      fixedBySetting(
        name,
        wanted,
        isRds(variables),
        { check: name, severity: "loss", what: `${name} is ${value || "''"}`, why },
        RECONNECT,
      ),
    );
  };
  wants("binlog_format", "ROW", "statements do not say which rows they change");
  wants("binlog_row_metadata", "FULL", "the binlog does not name the columns of its rows");
  wants("binlog_row_value_options", "", "updates of JSON documents are logged in part");
  return findings;
}

function warnings(variables: ServerVariables): Finding[] {
  const findings: Finding[] = [];
  const image = variables.get("binlog_row_image");
  if (image !== undefined && image !== "FULL") {
    findings.push(
      fixedBySetting(
        "binlog_row_image",
        "FULL",
        isRds(variables),
        {
          check: "binlog_row_image",
          severity: "warning",
          what: `binlog_row_image is ${image}`,
          why: "subscribers get only the changed columns and the key",
        },
        RECONNECT,
      ),
    );
  }
  if (variables.get("binlog_checksum") === "NONE") {
    findings.push(
      fixedBySetting("binlog_checksum", "CRC32", isRds(variables), {
        check: "binlog_checksum",
        severity: "warning",
        what: "binlog_checksum is NONE",
        why: "a damaged event may go unnoticed",
      }),
    );
  }
  if (variables.get("binlog_error_action") === "IGNORE_ERROR") {
    findings.push(
      fixedBySetting("binlog_error_action", "ABORT_SERVER", isRds(variables), {
        check: "binlog_error_action",
        severity: "warning",
        what: "binlog_error_action is IGNORE_ERROR",
        why: "when the server cannot write the binlog, it goes on without one, and what is changed until its restart is not delivered",
      }),
    );
  }
  const sync = variables.get("sync_binlog");
  if (sync !== undefined && sync !== "1") {
    findings.push(
      fixedBySetting("sync_binlog", "1", isRds(variables), {
        check: "sync_binlog",
        severity: "warning",
        what: `sync_binlog is ${sync}`,
        why: "after a crash of its machine, the server's binlog can lack transactions: those that were delivered, and new ones get their GTIDs, and those that were not, which are then never delivered",
      }),
    );
  }
  if (variables.get("gtid_mode") !== "ON") findings.push(gtidMode(variables));
  if (variables.get("binlog_transaction_compression") === "ON") {
    findings.push(
      fixedByHand("No action is needed.", {
        check: "binlog_transaction_compression",
        severity: "note",
        what: "binlog_transaction_compression is ON",
        why: "the reader decompresses the transactions, which takes processor time; it decompresses large ones piece by piece",
      }),
    );
  }
  return findings;
}

/** The steps of "Enabling GTID Transactions Online" in MySQL's manual. */
function gtidMode(variables: ServerVariables): Finding {
  const finding = {
    check: "gtid_mode",
    severity: "warning",
    what: `gtid_mode is ${variables.get("gtid_mode") ?? "absent"}`,
    why: "after a failover to another server the reader cannot tell where to continue",
  } as const;
  if (isRds(variables)) {
    return fixedByHand(
      "Set enforce_gtid_consistency to ON in the parameter group, then gtid-mode to OFF_PERMISSIVE, ON_PERMISSIVE and ON, one after the other (on Aurora to ON at once, in the cluster's, and reboot).",
      finding,
    );
  }
  return {
    ...finding,
    remedy:
      "Turn GTIDs on step by step; before the last step wait until Ongoing_anonymous_transaction_count is 0.",
    statements: [
      "SET PERSIST enforce_gtid_consistency = 'ON'",
      "SET PERSIST gtid_mode = 'OFF_PERMISSIVE'",
      "SET PERSIST gtid_mode = 'ON_PERMISSIVE'",
      "SET PERSIST gtid_mode = 'ON'",
    ],
  };
}
