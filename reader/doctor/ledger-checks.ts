import { callsProcedure, hasRegistration, withRegistration } from "../ledger/init-connect.ts";
import { grantStatements, installStatements, mendStatements } from "../ledger/statements.ts";
import { LEDGER_PROCEDURE, PROCEDURE_COMMENT } from "../ledger/objects.ts";
import type { ServerFacts } from "./facts.ts";
import { type Finding, mendedByHand } from "./finding.ts";

/** Whether the session ledger is installed completely, and whom it would keep from connecting. */
export function ledgerFindings({ ledger, isRds }: ServerFacts): Finding[] {
  const isComplete =
    ledger.hasTable &&
    ledger.hasDefiner &&
    ledger.procedureComment === PROCEDURE_COMMENT &&
    ledger.isGrantedToEverybody;
  const findings: Finding[] = [];
  if (!callsProcedure(ledger.initConnect)) {
    findings.push({
      check: "ledger.missing",
      severity: "warning",
      what: isComplete
        ? "the session ledger is installed, but init_connect does not call it"
        : "the session ledger is not installed",
      why: "a connection that closes within milliseconds leaves no trace of its account, and its changes are parked",
      remedy: isRds
        ? `Run the statements, then set init_connect in the parameter group to: ${withRegistration(ledger.initConnect)}`
        : "Run the statements that `--sql` prints; `init_connect` comes last.",
      statements: installStatements(ledger.initConnect, ledger.exempt, isRds),
    });
  } else if (!isComplete || !hasRegistration(ledger.initConnect)) {
    findings.push({
      check: "ledger.incomplete",
      severity: "warning",
      what: `init_connect calls ${LEDGER_PROCEDURE}, but ${missing(ledger)}`,
      why: "accounts without CONNECTION_ADMIN may be unable to connect",
      remedy:
        "Run the statements, as an account with CONNECTION_ADMIN; init_connect is taken back meanwhile.",
      statements: mendStatements(ledger.initConnect, ledger.exempt, isRds),
    });
  }
  for (const account of ledger.exempt) {
    const { user, host } = account;
    const statements = grantStatements(account);
    findings.push({
      check: "ledger.locked-out",
      severity: "warning",
      what: `'${user}'@'${host}' has a grant on a schema pattern that covers the ledger's schema and leaves out EXECUTE`,
      why: "it could not connect while the ledger is on: its own grant counts in place of everybody's",
      remedy: `Run ${statements.join("; ")}.`,
      statements,
    });
  }
  return findings;
}

function missing(ledger: ServerFacts["ledger"]): string {
  const parts = [
    !ledger.hasTable && "its table is missing",
    !ledger.hasDefiner && "the account that it runs as is missing or may not write",
    ledger.procedureComment === null && "a procedure is missing",
    ledger.procedureComment !== null &&
      ledger.procedureComment !== PROCEDURE_COMMENT &&
      "the procedure is another version's",
    !ledger.isGrantedToEverybody && "not every account may execute it",
    !hasRegistration(ledger.initConnect) && "in other words than this version's",
  ].filter((part) => part !== false);
  return parts.join(", ");
}

/** What concerns the connections that the ledger does not see, or sees only at their beginning. */
export function connectionFindings(facts: ServerFacts): Finding[] {
  const { userChanges, proxies, variables, lostThreads } = facts;
  const findings: Finding[] = [];
  for (const { name, count } of userChanges) {
    findings.push(
      mendedByHand(
        `Have the application run CALL ${LEDGER_PROCEDURE}() after each change of user, or give each user a pool of its own.`,
        {
          check: "connections.change-user",
          severity: "warning",
          what: `${name} changed the user of open connections ${count} times (COM_CHANGE_USER)`,
          why: "neither the binlog nor init_connect tells of it: changes may be taken for the former user's",
        },
      ),
    );
  }
  for (const { name, count } of proxies) {
    findings.push(
      mendedByHand(
        "Give each environment a user of its own in the proxy, with connections of its own.",
        {
          check: "connections.proxy",
          severity: "warning",
          what: `${count} connections come through ${name}, which shares connections between clients`,
          why: "changes belong to the user that the proxy logs in with",
        },
      ),
    );
  }
  if (variables.get("performance_schema") !== "ON" || lostThreads > 0) {
    findings.push(
      mendedByHand(
        "Start the server with performance_schema=ON and performance_schema_max_thread_instances=-1.",
        {
          check: "performance_schema",
          severity: "warning",
          what:
            lostThreads > 0
              ? `performance_schema has no room for ${lostThreads} threads`
              : "performance_schema is off",
          why: "the process list lacks connections: who is not in the ledger stays unknown",
        },
      ),
    );
  }
  return findings;
}
