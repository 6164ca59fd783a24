import type { Connection } from "mysql2/promise";
import { accountFindings, type Environments } from "./account-checks.ts";
import { askServer } from "./ask-server.ts";
import { binlogFindings } from "../../reader/source/binlog-checks.ts";
import type { Finding } from "../../reader/source/finding.ts";
import { type Script, uninstallScript } from "../ledger/statements.ts";
import { connectionFindings, ledgerFindings } from "./ledger-checks.ts";
import { isRds } from "../../reader/source/rds.ts";
import { readerFindings, serverFindings } from "./server-checks.ts";

export interface Examination {
  readonly environments: Environments;
  /** The user name of the reader's account. */
  readonly reader: string;
  /** How far the reader is behind; null when nobody knows. */
  readonly lagSeconds: number | null;
}

/** All findings about a server. Changes nothing. Rejects with MySQL's error when the account may not ask. */
export async function examine(
  connection: Connection,
  { environments, reader, lagSeconds }: Examination,
): Promise<Finding[]> {
  const facts = await askServer(connection, reader);
  return [
    ...binlogFindings(facts.variables),
    ...serverFindings(facts, lagSeconds),
    ...readerFindings(facts, reader),
    ...ledgerFindings(facts),
    ...connectionFindings(facts),
    ...accountFindings(facts, environments, reader),
  ];
}

/** What removes the session ledger from a server. Changes nothing. Rejects as `examine` does. */
export async function howToUninstall(connection: Connection, reader: string): Promise<Script> {
  const { ledger, variables } = await askServer(connection, reader);
  return uninstallScript(ledger.initConnect, ledger.isEverybodyOurs, isRds(variables));
}
