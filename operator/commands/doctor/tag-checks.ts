import { tagOf } from "../../../wire/account-tag.ts";
import { type Finding, fixedByStatements, fixedByHand } from "../../../reader/source/finding.ts";
import { isRds } from "../../../reader/source/rds.ts";
import { LEDGER_DEFINER, LEDGER_PROCEDURE } from "../../ledger/objects.ts";
import { callsProcedure } from "../../ledger/init-connect.ts";
import { installScript, reinstallScript } from "../../ledger/statements.ts";
import { hasTags, REGISTRATIONS, TAGGING_PRIVILEGES } from "../../ledger/tagging.ts";
import type { ServerFacts } from "./facts.ts";

const WHY =
  "a tag names the author in the transaction itself; without it, restarts, failovers and replicas can leave authors unknown";

/** The tags that the operator asks for: none, tags in addition to the ledger, or tags alone. */
export type WantedTags = "none" | "with-ledger" | "alone";

/**
 * Checks GTID tags. With `none`, it checks them only when they are installed.
 */
export function tagFindings(facts: ServerFacts, wanted: WantedTags, reader: string): Finding[] {
  const { registration } = facts.ledger;
  const isTagging =
    registration !== null && registration !== "other" && REGISTRATIONS[registration].setsTag;
  if (!isTagging && wanted === "none") return [];
  return [
    ...(isTagging ? incomplete(facts) : missing(facts, wanted)),
    ...followers(facts, reader),
    ...accounts(facts),
    ...(isTagging ? resets(facts) : []),
  ];
}

function missing(facts: ServerFacts, wanted: WantedTags): Finding[] {
  const obstacle = obstacleOf(facts);
  if (obstacle !== null) {
    return [
      fixedByHand("Use the session ledger without tags until this is changed.", {
        check: "tags.impossible",
        severity: "warning",
        what: `GTID tags cannot be used here: ${obstacle}`,
        why: WHY,
      }),
    ];
  }
  const { initConnect, exempt, slots } = facts.ledger;
  const script = callsProcedure(initConnect) ? reinstallScript : installScript;
  const isAlone = wanted === "alone" && slots === null;
  const staying =
    wanted === "alone" && !isAlone
      ? " The session ledger is installed and stays; to remove it first, run what --uninstall prints."
      : "";
  return [
    {
      check: "tags.missing",
      severity: "warning",
      what: "GTID tags are not installed",
      why: WHY,
      remedy: `Update the functions, the reader and the clients first. Then run the statements that \`--tags${wanted === "alone" ? " --no-ledger" : ""} --sql\` prints.${staying}`,
      ...script(initConnect, exempt, isRds(facts.variables), isAlone ? "tags" : "ledger-and-tags"),
    },
  ];
}

/** Why tags would have no effect or do harm; null when they can be used. */
function obstacleOf({ variables, tags }: ServerFacts): string | null {
  const version = variables.get("version") ?? "";
  if (!hasTags(version)) return `the server is ${version}, and tags need 8.3 or later`;
  if (variables.get("gtid_mode") !== "ON")
    return `gtid_mode is ${variables.get("gtid_mode") ?? "absent"}`;
  const old = tags.followers.find(
    ({ replicaVersion }) => replicaVersion !== null && !hasTags(replicaVersion),
  );
  return old === undefined
    ? null
    : `the replica of ${old.name} is ${old.replicaVersion ?? ""}, and would stop at the first tag`;
}

function incomplete({ variables, tags }: ServerFacts): Finding[] {
  const findings: Finding[] = [];
  if (!tags.mayDefinerTag) {
    findings.push(
      fixedByStatements([`GRANT ${TAGGING_PRIVILEGES.join(", ")} ON *.* TO ${LEDGER_DEFINER}`], {
        check: "tags.privileges",
        severity: "warning",
        what: `${LEDGER_DEFINER} lacks ${TAGGING_PRIVILEGES.join(" or ")}`,
        why: "connections get no tag",
      }),
    );
  }
  if (variables.get("gtid_mode") !== "ON") {
    findings.push(
      fixedByHand("Turn gtid_mode ON.", {
        check: "tags.gtid-mode",
        severity: "warning",
        what: `gtid_mode is ${variables.get("gtid_mode") ?? "absent"}`,
        why: "connections get no tag",
      }),
    );
  }
  return findings;
}

/**
 * Reports other programs that read the binlog. The server does not show which programs they are.
 */
function followers({ tags }: ServerFacts, reader: string): Finding[] {
  const others = tags.followers
    .filter(({ name, replicaVersion }) => replicaVersion === null && !name.startsWith(`${reader}@`))
    .map(({ name }) => name);
  if (others.length === 0) return [];
  return [
    fixedByHand(
      "Make sure that each of them reads tagged GTIDs. Debezium does from 3.6 on. Maxwell, older versions of Debezium, programs built on these, and ProxySQL's GTID reader do not.",
      {
        check: "tags.readers",
        about: others.join(","),
        severity: "warning",
        what: `other programs read the binlog: ${others.join(", ")}`,
        why: "a program that does not know tagged GTIDs stops at the first one, or misreads it",
      },
    ),
  ];
}

function accounts({ accounts: all, tags }: ServerFacts): Finding[] {
  const findings: Finding[] = [];
  if (tags.setters.length > 0) {
    findings.push(
      fixedByHand("Revoke TRANSACTION_GTID_TAG from those that do not need it.", {
        check: "tags.setters",
        severity: "note",
        what: `${tags.setters.join(", ")} may set any tag`,
        why: "their transactions can carry another account's name",
      }),
    );
  }
  const untagged = all.filter(({ user, isLocked }) => !isLocked && tagOf(user) === null);
  if (untagged.length > 0) {
    findings.push(
      fixedByHand("Keep the session ledger for them, or give them shorter names.", {
        check: "tags.long-names",
        severity: "note",
        what: `${untagged.map(({ user }) => `'${user}'`).join(", ")} have no tag, because it would have more than 32 characters`,
        why: "their authors are found by the session ledger and the process list",
      }),
    );
  }
  return findings;
}

function resets({ tags }: ServerFacts): Finding[] {
  return tags.resets.map(({ name, count }) =>
    fixedByHand(
      `Turn the reset off in the pool's settings (ConnectionReset=false in MySqlConnector, for example), or run CALL ${LEDGER_PROCEDURE}() after each reset.`,
      {
        check: "connections.reset",
        about: name,
        severity: "warning",
        what: `${name} reset open sessions ${count} times (COM_RESET_CONNECTION)`,
        why: "a reset removes the tag: changes written afterwards are parked, unless the connection stays open until the reader has looked it up",
      },
    ),
  );
}
