import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { findMysql } from "../../infra/local/mysql/find-mysql.ts";
import { showProgress } from "../../infra/local/mysql/progress.ts";
import { ordinaryFiles, pathOf } from "./choose-files.ts";
import { downloadSuite } from "./download-suite.ts";
import { type FileResult, runFile } from "./run-file.ts";
import { startSuiteServer } from "./suite-server.ts";

/**
 * Expected stops: a session that is not in ROW format, or a setting that the reader refuses when it
 * starts.
 */
const EXPLAINED = /in statement format|binlog_row_metadata|binlog_row_value_options|ROLLBACK/;

await new Command("test:mysql-suite")
  .description(
    "Runs MySQL's own test files, and compares every row of the binlog, and every statement about a table, with what mysqlbinlog shows.",
  )
  .argument(
    "[files...]",
    "names in t/ or paths like suite/innodb/t/x.test; else those that need no server of their own",
  )
  .option("--every <n>", "of these only every nth", positiveInteger, 1)
  .option("--report <file>", "writes the result of every file as JSON")
  .addHelpText(
    "after",
    "\nExit code 0: no difference, and no stop that is not explained; 1: some; 2: no such file.\nMySQL's test files (400 MB) are downloaded from Debian's archive once.",
  )
  .showHelpAfterError()
  .action(compareSuite)
  .parseAsync();

interface Options {
  readonly every: number;
  readonly report?: string;
}

function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new InvalidArgumentError("It has to be a positive integer.");
  return Number(text);
}

async function compareSuite(names: readonly string[], options: Options): Promise<void> {
  const { version } = await findMysql();
  const tests = await downloadSuite(version, showProgress(process.stderr));
  const files =
    names.length > 0
      ? names.map((name) => pathOf(tests, name))
      : await ordinaryFiles(tests, options.every);
  for (const file of files) {
    try {
      await access(file);
    } catch {
      console.error(`MySQL ${version} has no test file ${relative(tests, file)}.`);
      process.exitCode = 2;
      return;
    }
  }
  const results: FileResult[] = [];
  let server = await startSuiteServer();
  for (const [number, file] of files.entries()) {
    const work = await mkdtemp(join(tmpdir(), "mysql-suite-"));
    try {
      const result = await runFile(tests, file, server, work);
      results.push(result);
      const problems = [
        ...result.differences,
        ...result.stops.filter((stop) => !EXPLAINED.test(stop)),
      ];
      console.log(
        `${number + 1}/${files.length} ${result.file}: ${result.rows} rows, ${result.statements} statements, ${result.stops.length} stops${result.finished ? "" : ", ended early"}`,
      );
      for (const problem of problems) console.log(`  ${problem}`);
    } catch (error) {
      console.log(
        `${number + 1}/${files.length} ${basename(file)}: not compared: ${String(error)}`,
      );
      await server[Symbol.asyncDispose]();
      server = await startSuiteServer();
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  await server[Symbol.asyncDispose]();

  const sum = (of: (result: FileResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  const unexplained = results.flatMap(({ stops }) => stops.filter((stop) => !EXPLAINED.test(stop)));
  const summary = {
    version,
    files: results.length,
    finished: results.filter(({ finished }) => finished).length,
    rows: sum(({ rows }) => rows),
    values: sum(({ values }) => values),
    notShown: sum(({ notShown }) => notShown),
    statements: sum(({ statements }) => statements),
    stopsOfOtherFormats: sum(({ stops }) => stops.length) - unexplained.length,
    unexplainedStops: unexplained.length,
    differences: sum(({ differences }) => differences.length),
  };
  console.log(JSON.stringify(summary, null, 2));
  if (options.report !== undefined)
    await writeFile(options.report, JSON.stringify({ summary, results }, null, 2));
  process.exitCode =
    summary.differences + summary.unexplainedStops === 0 && results.length > 0 ? 0 : 1;
}
