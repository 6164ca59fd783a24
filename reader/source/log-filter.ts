import type { Connection, RowDataPacket } from "mysql2/promise";
import { CANARY_DATABASE } from "../../config/canary-names.ts";
import { isGlob } from "../../wire/glob.ts";
import { lowerCaseName } from "../../wire/lower-case.ts";
import { SourceSettingError } from "../reporting/errors.ts";
import { type Finding, fixedByHand } from "./finding.ts";
import { isAtLeast } from "./server-version.ts";

/** The server's `binlog_do_db` and `binlog_ignore_db`; empty without a filter. */
export interface LogFilter {
  readonly loggedOnly: readonly string[];
  readonly notLogged: readonly string[];
}

/** Queries the server's filter. */
export async function askLogFilter(connection: Connection, version: string): Promise<LogFilter> {
  const statement = isAtLeast(version, [8, 2]) ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS";
  const [[log]] = await connection.query<RowDataPacket[]>(statement);
  return {
    loggedOnly: listOf(log?.["Binlog_Do_DB"]),
    notLogged: listOf(log?.["Binlog_Ignore_DB"]),
  };
}

/** Whether the server logs changes of a database's tables. */
export function isLogged({ loggedOnly, notLogged }: LogFilter, database: string): boolean {
  // MySQL ignores binlog_ignore_db when binlog_do_db is set.
  return loggedOnly.length > 0 ? loggedOnly.includes(database) : !notLogged.includes(database);
}

/**
 * Reports databases that table patterns name without wildcards and that the server does not log.
 * Patterns like `*.*` may mean those that are logged.
 */
export function logFilterFindings(
  filter: LogFilter,
  patterns: readonly string[],
  lowerCaseNames: boolean,
): Finding[] {
  const written = (name: string): string => (lowerCaseNames ? lowerCaseName(name) : name);
  const compared = {
    loggedOnly: filter.loggedOnly.map(written),
    notLogged: filter.notLogged.map(written),
  };
  const unlogged = patterns
    .filter((pattern) => !pattern.startsWith("!"))
    .map((pattern) => written(pattern.slice(0, pattern.indexOf("."))))
    .filter((database) => !isGlob(database) && !isLogged(compared, database));
  return [...new Set(unlogged)].map((database) =>
    database === CANARY_DATABASE
      ? canaryFinding()
      : fixedByHand(
          `Take ${database} out of binlog_ignore_db, or name it in binlog_do_db, in the server's options, and restart the server. Or leave it out of source.tables.`,
          {
            check: "binlog.filtered",
            about: database,
            severity: "loss",
            what: `the server's binlog filters leave out the database ${database}, whose tables are followed`,
            why: "the binlog lacks its changes",
          },
        ),
  );
}

/** The reader goes on: all other changes are delivered without the canary's rows. */
function canaryFinding(): Finding {
  return fixedByHand(
    `Let the server's binlog_do_db and binlog_ignore_db log ${CANARY_DATABASE}, and restart the server. Or remove the canary from the configuration.`,
    {
      check: "binlog.filtered",
      about: CANARY_DATABASE,
      severity: "warning",
      what: `the server's binlog filters leave out the canary's database ${CANARY_DATABASE}`,
      why: "the canary's rows never arrive, so its alarm rings although changes are delivered",
    },
  );
}

/** Throws SourceSettingError if the server's filter leaves out a followed database. */
export function requireLogged(
  filter: LogFilter,
  patterns: readonly string[],
  lowerCaseNames: boolean,
): void {
  const findings = logFilterFindings(filter, patterns, lowerCaseNames);
  const loss = findings.find(({ severity }) => severity === "loss");
  if (loss === undefined) return;
  const isDo = filter.loggedOnly.length > 0;
  throw new SourceSettingError(
    isDo ? "binlog_do_db" : "binlog_ignore_db",
    (isDo ? filter.loggedOnly : filter.notLogged).join(),
    `${loss.what}, and ${loss.why}`,
    loss.remedy,
  );
}

function listOf(value: unknown): string[] {
  return typeof value === "string" && value !== "" ? value.split(",") : [];
}
