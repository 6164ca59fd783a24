import { callsProcedure, hasRegistration } from "../../ledger/init-connect.ts";
import { LEDGER_PROCEDURE, SLOTS } from "../../ledger/objects.ts";
import { type Registration, REGISTRATIONS } from "../../ledger/tagging.ts";
import { grantStatements, installScript, reinstallScript } from "../../ledger/statements.ts";
import type { LedgerFacts, ServerFacts } from "./facts.ts";
import type { ServerVariables } from "../../../reader/source/server-variables.ts";
import {
  type Finding,
  fixedByStatements,
  fixedByHand,
  fixedBySetting,
} from "../../../reader/source/finding.ts";
import { isRds } from "../../../reader/source/rds.ts";

/**
 * Checks whether the session ledger is complete, and whether it prevents accounts from logging in.
 */
export function ledgerFindings(facts: ServerFacts): Finding[] {
  const { ledger, variables } = facts;
  const { initConnect, exempt } = ledger;
  const kind = kindOf(facts);
  const isOnRds = isRds(variables);
  const isCalled = callsProcedure(initConnect);
  const [obstacles, faults] = [obstaclesOf(ledger), faultsOf(ledger, kind)];
  const findings: Finding[] = [];
  if (!isCalled) {
    findings.push({
      check: "ledger.missing",
      severity: "warning",
      what:
        obstacles.length + faults.length === 0
          ? "the session ledger is installed, but init_connect does not call it"
          : "the session ledger is not installed",
      why: "a connection that closes within milliseconds leaves no trace of its account, and its changes are parked",
      remedy: `Run the statements that \`--sql\` prints; \`init_connect\` comes last${isOnRds ? ", in the parameter group" : ""}.`,
      ...installScript(initConnect, exempt, isOnRds, kind),
    });
  } else if (obstacles.length > 0) {
    findings.push({
      check: "ledger.lockout",
      severity: "lockout",
      what: `init_connect calls ${LEDGER_PROCEDURE}, but ${obstacles.join(", ")}`,
      why: "only accounts with CONNECTION_ADMIN or SUPER can log in",
      ...reinstalling(ledger, isOnRds, kind),
    });
  } else if (faults.length > 0 || !hasRegistration(initConnect)) {
    const words = hasRegistration(initConnect) ? [] : ["with other statements than this version's"];
    findings.push({
      check: "ledger.incomplete",
      severity: "warning",
      what: `init_connect calls ${LEDGER_PROCEDURE}, but ${[...faults, ...words].join(", ")}`,
      why: "connections may not be registered, and some accounts may be unable to log in",
      ...reinstalling(ledger, isOnRds, kind),
    });
  }
  for (const account of exempt) {
    findings.push(
      fixedByStatements(grantStatements(account), {
        check: "ledger.locked-out",
        about: `${account.user}@${account.host}`,
        severity: isCalled ? "lockout" : "warning",
        what: `'${account.user}'@'${account.host}' has a grant on a schema pattern that covers the ledger's schema and leaves out EXECUTE`,
        why: "it cannot log in while init_connect calls the ledger, because MySQL applies this grant instead of the grant to everybody",
      }),
    );
  }
  if (isCalled && REGISTRATIONS[kind].writesRow) findings.push(...semiSynchronous(variables));
  return findings;
}

/** The default timeout of semi-synchronous replication. */
const USUAL_WAIT_MS = 10_000;

function semiSynchronous(variables: ServerVariables): Finding[] {
  // The plugins of 8.0.25 and earlier use "master" in their variables.
  const names = ["rpl_semi_sync_source", "rpl_semi_sync_master"];
  const name = names.find((plugin) => variables.get(`${plugin}_enabled`) === "ON");
  if (name === undefined) return [];
  const timeout = `${name}_timeout`;
  const waitMs = Number(variables.get(timeout));
  return [
    fixedBySetting(timeout, String(USUAL_WAIT_MS), isRds(variables), {
      check: "ledger.semi-sync",
      severity: waitMs > USUAL_WAIT_MS ? "warning" : "note",
      what: `a commit waits up to ${waitMs / 1000} s for a replica (${timeout})`,
      why: "a login waits as long while the ledger is on, because it commits a row",
    }),
  ];
}

function reinstalling(
  ledger: LedgerFacts,
  isOnRds: boolean,
  kind: Registration,
): Pick<Finding, "remedy" | "statements" | "before" | "after"> {
  const { initConnect, exempt } = ledger;
  const script = reinstallScript(initConnect, exempt, isOnRds, kind);
  const first = isOnRds
    ? "set init_connect in the parameter group as `--sql` says: on RDS for MySQL no account of yours can log in until then."
    : `run ${script.statements[0] ?? ""} as an account with CONNECTION_ADMIN: everybody can log in again.`;
  return { ...script, remedy: `First ${first} Then run the rest of what \`--sql\` prints.` };
}

/** Why calling the procedures fails, which makes the login fail. */
function obstaclesOf(ledger: LedgerFacts): string[] {
  return [
    ledger.registration === null && "a procedure is missing",
    !ledger.hasDefiner && "the account that it runs as is missing",
    !ledger.isGrantedToEverybody && "not every account may execute it",
  ].filter((part) => part !== false);
}

/** Why calling the procedures does not register the connection. */
function faultsOf(
  { slots, mayDefinerWrite, registration }: LedgerFacts,
  kind: Registration,
): string[] {
  const { writesRow } = REGISTRATIONS[kind];
  return [
    writesRow && slots === null && "its table is missing",
    writesRow && slots !== null && slots < SLOTS && `its table has ${slots} of ${SLOTS} rows`,
    writesRow && !mayDefinerWrite && "the account that it runs as lacks privileges",
    registration === "other" && "the procedure is of another version",
  ].filter((part) => part !== false);
}

/**
 * Which registration is installed. When the procedures are missing or of another version, the
 * privileges of their account show which one it was.
 */
export function kindOf({ ledger, tags }: ServerFacts): Registration {
  const { registration, mayDefinerWrite } = ledger;
  if (registration !== null && registration !== "other") return registration;
  if (!tags.mayDefinerTag) return "ledger";
  return mayDefinerWrite ? "ledger-and-tags" : "tags";
}

/** Checks for connections that the ledger misses, or sees only at their beginning. */
export function connectionFindings(facts: ServerFacts): Finding[] {
  const { userChanges, proxies, variables, lostThreads } = facts;
  const findings: Finding[] = [];
  for (const { name, count } of userChanges) {
    findings.push(
      fixedByHand(
        `Have the application run CALL ${LEDGER_PROCEDURE}() after each change of user, or give each user a pool of its own.`,
        {
          check: "connections.change-user",
          about: name,
          severity: "warning",
          what: `${name} changed the user of open connections ${count} times (COM_CHANGE_USER)`,
          why: "neither the binlog nor init_connect shows it, so changes may be attributed to the former user",
        },
      ),
    );
  }
  for (const { name, count } of proxies) {
    findings.push(
      fixedByHand(
        `Give each environment a user of its own in the proxy. In ProxySQL, which gives connections to other users, set mysql-init_connect to CALL ${LEDGER_PROCEDURE}().`,
        {
          check: "connections.proxy",
          about: name,
          severity: "warning",
          what: `${count} connections come through ${name}, which shares connections between clients`,
          why: "changes are attributed to the user that the proxy logs in with; if it changes the user of an open connection without the call, to the former user",
        },
      ),
    );
  }
  if (variables.get("performance_schema") !== "ON" || lostThreads > 0) {
    findings.push(
      fixedByHand(
        isRds(variables)
          ? "Set performance_schema to 1 in the parameter group, and reboot."
          : "Start the server with performance_schema=ON and performance_schema_max_thread_instances=-1.",
        {
          check: "performance_schema",
          severity: "warning",
          what:
            lostThreads > 0
              ? `performance_schema has no room for ${lostThreads} threads`
              : "performance_schema is off",
          why: "the process list lacks connections, so authors that are not in the ledger stay unknown",
        },
      ),
    );
  }
  return findings;
}
