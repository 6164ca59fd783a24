import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { MysqlServer } from "../../infra/local/mysql/mysql-server.ts";
import { verifyChecksum } from "../../reader/binlog-format/events/checksum.ts";
import { parseFormatDescription } from "../../reader/binlog-format/events/format-description.ts";
import { decodeChanges } from "../support/binlog-changes.ts";
import { compareRows, type Comparison } from "./compare-file.ts";
import { eventsOf, followFiles } from "./follow-events.ts";
import { mysqlbinlogRows } from "./mysqlbinlog-rows.ts";
import { runMysqltest } from "./run-mysqltest.ts";
import { binlogsFrom, prepare } from "./suite-server.ts";

/** Size of the largest binlog that is compared, bytes: its events are held in memory. */
const LARGEST = 512 << 20;
/** The result of one of MySQL's test files. */
export interface FileResult extends Omit<Comparison, "differences"> {
  readonly file: string;
  readonly finished: boolean;
  readonly statements: number;
  readonly stops: readonly string[];
  readonly differences: readonly string[];
}

/**
 * Runs a test file, follows the binlog that it wrote, and compares. Throws if the binlog is too
 * large.
 */
export async function runFile(
  tests: string,
  file: string,
  server: MysqlServer,
  work: string,
): Promise<FileResult> {
  const first = await prepare(server);
  const finished = await runMysqltest(tests, file, server, work);
  const names = await binlogsFrom(server, first);
  const paths = names.map((name) => join(server.dataDir, name));
  const binlogs = await Promise.all(
    paths.map(async (path) => ({ name: basename(path), events: eventsOf(await readFile(path)) })),
  );
  const bytes = binlogs
    .flatMap(({ events }) => events)
    .reduce((total, { length }) => total + length, 0);
  if (bytes > LARGEST) throw new Error(`its binlog has ${bytes >> 20} MiB`);
  const followed = await followFiles(binlogs);
  const changes = binlogs.flatMap(({ events }) => decodeChanges(withoutChecksums(events)));
  const { mysqlbinlog } = server.programs;
  if (mysqlbinlog === null) throw new Error("this installation has no mysqlbinlog");
  const otherLines: string[] = [];
  const comparison = await compareRows(changes, mysqlbinlogRows(mysqlbinlog, paths, otherLines));
  const missing = statementsMissing(followed.statements, otherLines.join("\n"));
  return {
    ...comparison,
    differences: [...comparison.differences, ...missing],
    file: basename(file),
    finished,
    statements: followed.statements.length,
    stops: followed.stops,
  };
}

/**
 * The ASCII statements that mysqlbinlog does not show, in order. Others are not compared because
 * mysqlbinlog shows their bytes.
 */
function statementsMissing(statements: readonly string[], shown: string): string[] {
  const missing: string[] = [];
  let from = 0;
  for (const statement of statements) {
    if (Buffer.byteLength(statement) !== statement.length) continue;
    const text = statement.replaceAll(/\r\n?/g, "\n");
    const found = shown.indexOf(text, from);
    if (found === -1) missing.push(`not shown by mysqlbinlog: ${text.slice(0, 200)}`);
    else from = found;
  }
  return missing;
}

function withoutChecksums(events: readonly Buffer[]): Buffer[] {
  const [format] = events;
  if (format === undefined || !parseFormatDescription(format).checksums) return [...events];
  return events.map(verifyChecksum);
}
