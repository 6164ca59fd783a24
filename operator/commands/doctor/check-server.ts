import type { Connection } from "mysql2/promise";
import { CANARY_SUBSCRIBER } from "../../../config/canary-names.ts";
import type { ReaderItem } from "../../../reader/offsets/reader-item.ts";
import { binlogFindings } from "../../../reader/source/binlog-checks.ts";
import { logFilterFindings } from "../../../reader/source/log-filter.ts";
import type { Finding } from "../../../reader/source/finding.ts";
import type { ServerVariables } from "../../../reader/source/server-variables.ts";
import { callsProcedure } from "../../ledger/init-connect.ts";
import { REGISTRATIONS } from "../../ledger/tagging.ts";
import { accountFindings, missingUserFindings } from "./account-checks.ts";
import { askCascades } from "./ask-cascades.ts";
import { askColumns } from "./ask-columns.ts";
import { askMergeTables } from "./ask-merge-tables.ts";
import type { ReaderItemSource } from "./ask-reader.ts";
import { askServer } from "./ask-server.ts";
import { askSight } from "./ask-sight.ts";
import { askStatementWays } from "./ask-statement-ways.ts";
import { canaryFindings } from "./canary-checks.ts";
import { cascadeFindings } from "./cascade-checks.ts";
import type { DoctorConfiguration } from "./configuration.ts";
import { filterFindings } from "./filter-checks.ts";
import { connectionFindings, kindOf, ledgerFindings } from "./ledger-checks.ts";
import { mergeFindings } from "./merge-checks.ts";
import { readerLag, stopFindings } from "./reader-checks.ts";
import { readerFindings, serverFindings } from "./server-checks.ts";
import { printNamesInBackticks } from "./session-settings.ts";
import { sightFindings } from "./sight-checks.ts";
import { snapshotFindings } from "./snapshot-checks.ts";
import { statementFindings } from "./statement-checks.ts";
import { tagFindings } from "./tag-checks.ts";

interface Options extends ReaderItemSource {
  /** The user name of the reader's account. */
  readonly reader: string;
  readonly tags?: boolean;
  /** False to check for tags without a ledger. */
  readonly ledger: boolean;
}

/** Runs all checks on a server whose version is supported. Rejects with MySQL's error. */
export async function checkServer(
  connection: Connection,
  variables: ServerVariables,
  { source, environments, subscribers = {} }: DoctorConfiguration,
  { reader, tags, ledger, ...place }: Options,
): Promise<Finding[]> {
  await printNamesInBackticks(connection);
  const wanted = tags !== true ? "none" : ledger ? "with-ledger" : "alone";
  const facts = await askServer(connection, variables, reader);
  const item = await readerItem(place);
  const lagSeconds = item === null ? null : readerLag(item, Date.now());
  const tables = Object.keys(subscribers).length > 0 ? await askColumns(connection) : [];
  const sight = await askSight(connection, variables.get("version") ?? "");
  // The canary's table needs no snapshot.
  const { [CANARY_SUBSCRIBER]: _, ...withoutCanary } = subscribers;
  const followed = source?.tables ?? ["*.*"];
  const lowerCaseNames = variables.get("lower_case_table_names") !== "0";
  return [
    ...(item === null ? [] : stopFindings(item)),
    ...binlogFindings(variables),
    ...logFilterFindings(sight, source?.tables ?? [], lowerCaseNames),
    ...serverFindings(facts, lagSeconds),
    ...readerFindings(facts, reader),
    ...installedOnce(ledgerFindings(facts), tagFindings(facts, wanted, reader)),
    ...connectionFindings(facts),
    ...sightFindings(
      sight,
      callsProcedure(facts.ledger.initConnect) && REGISTRATIONS[kindOf(facts)].writesRow,
    ),
    ...accountFindings(facts, environments, reader),
    ...missingUserFindings(facts, environments),
    ...cascadeFindings(await askCascades(connection), followed, variables),
    ...statementFindings(
      await askStatementWays(connection),
      { tables: followed, statementTables: source?.statementTables ?? [] },
      lowerCaseNames,
    ),
    ...mergeFindings(await askMergeTables(connection), followed, lowerCaseNames),
    ...filterFindings(subscribers, tables, variables),
    ...snapshotFindings(facts, reader, withoutCanary, tables),
    ...canaryFindings(subscribers, tables),
  ];
}

/** Leaves out "ledger.missing" with "tags.missing", whose script installs the ledger too. */
function installedOnce(ledger: readonly Finding[], tags: readonly Finding[]): Finding[] {
  const isInstalling = tags.some(({ check }) => check === "tags.missing");
  return [...ledger.filter(({ check }) => !isInstalling || check !== "ledger.missing"), ...tags];
}

/** See `askReader`. The AWS SDK is loaded only when the options name a stack or a table. */
async function readerItem(place: ReaderItemSource): Promise<ReaderItem | null> {
  if ((place.stack ?? place.local ?? place.offsetsTable) === undefined) return null;
  const { askReader } = await import("./ask-reader.ts");
  return await askReader(place);
}
