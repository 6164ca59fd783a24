/** The global variables that decide whether a server's binlog can be used. */
export const CHECKED_VARIABLES = [
  "version",
  "log_bin",
  "binlog_format",
  "binlog_row_metadata",
] as const;

/**
 * Why a server with these global variables cannot be a source: one sentence for each reason, with its remedy. A variable
 * that the server does not have is absent.
 */
export function serverProblems(variables: ReadonlyMap<string, string>): string[] {
  const version = variables.get("version") ?? "unknown";
  if (/mariadb/i.test(version) || Number.parseInt(version, 10) < 8) {
    return [`it is version ${version}; MySQL 8.0 or later is needed`];
  }
  if (variables.get("log_bin") !== "ON") {
    return ["its binary log is off (log_bin); start it with --log-bin"];
  }
  const problems: string[] = [];
  const format = variables.get("binlog_format") ?? "ROW";
  if (format !== "ROW") {
    problems.push(`binlog_format is ${format}; run: SET PERSIST binlog_format = 'ROW'`);
  }
  const metadata = variables.get("binlog_row_metadata");
  if (metadata !== "FULL") {
    problems.push(
      `binlog_row_metadata is ${metadata}; run: SET PERSIST binlog_row_metadata = 'FULL'`,
    );
  }
  return problems;
}
