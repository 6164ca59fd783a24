import { type Finding, fixedByHand } from "../../../reader/source/finding.ts";
import { isLogged } from "../../../reader/source/log-filter.ts";
import { LEDGER_SCHEMA } from "../../ledger/objects.ts";
import type { SightFacts } from "./ask-sight.ts";

/**
 * Reports what keeps connections out of the ledger, and who can write under another connection's
 * id.
 */
export function sightFindings(facts: SightFacts, isLedgerOn: boolean): Finding[] {
  const { xSessions, threadIdSetters } = facts;
  const findings: Finding[] = [];
  if (isLedgerOn && !isLogged(facts, LEDGER_SCHEMA)) {
    findings.push(
      fixedByHand(
        `Remove binlog_do_db and binlog_ignore_db from the server's options, or let them log ${LEDGER_SCHEMA}, and restart the server.`,
        {
          check: "ledger.filtered",
          severity: "warning",
          what: `the server's binlog filters leave out the schema ${LEDGER_SCHEMA}`,
          why: "the binlog lacks the ledger's rows, so the reader knows connections from the process list only",
        },
      ),
    );
  }
  if (xSessions > 0) {
    findings.push(
      fixedByHand(
        "Have the applications use the classic protocol (port 3306), and start the server with mysqlx=OFF.",
        {
          check: "connections.x-protocol",
          severity: "warning",
          what: `${xSessions} sessions have used X Protocol since the server started`,
          why: "MySQL does not run init_connect for them, so they are not in the ledger and have no tags",
        },
      ),
    );
  }
  if (threadIdSetters.length > 0) {
    findings.push(
      fixedByHand(
        "Revoke SUPER, SYSTEM_VARIABLES_ADMIN and SESSION_VARIABLES_ADMIN from accounts of applications.",
        {
          check: "accounts.thread-id",
          severity: "note",
          what: `${threadIdSetters.join(", ")} may set pseudo_thread_id`,
          why: "a session that sets it writes under the id of another connection, and its changes go to that connection's environment",
        },
      ),
    );
  }
  return findings;
}
