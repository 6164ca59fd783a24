import { readFileSync } from "node:fs";
import { relative } from "node:path";

/**
 * Reads what vitest's JSON reporter wrote, for `.ci/run`:
 *
 *     node test-results.ts files RESULTS    the files with a failure, one a line
 *     node test-results.ts passed RESULTS   the last line, which counts the tests
 *     node test-results.ts failed RESULTS   each failure, and the last line
 *     node test-results.ts flaky RESULTS    the same where every failed file passed when run again
 */
interface Results {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

interface Failure {
  readonly file: string;
  readonly test: string;
  readonly message: string;
}

/** A run that breaks off leaves an empty file, which counts as a failure without a file. */
function read(path: string): Results | null {
  const text = readFileSync(path, "utf8");
  return text === "" ? null : JSON.parse(text);
}

/** A file that cannot be loaded fails without a test of its own. */
function failuresOf({ testResults }: Results): Failure[] {
  return testResults
    .filter(({ status }) => status === "failed")
    .flatMap(({ name, message, assertionResults }) => {
      const file = relative(process.cwd(), name);
      const failed = assertionResults.filter(({ status }) => status === "failed");
      return failed.length === 0
        ? [{ file, test: "the file itself", message }]
        : failed.map(({ fullName, failureMessages }) => {
            return { file, test: fullName, message: failureMessages.join("\n") };
          });
    });
}

function print(word: string, { file, test, message }: Failure): void {
  console.log(`${word}: ${file}: ${test}`);
  for (const line of message.split("\n").slice(0, 12)) console.log(`    ${line}`);
}

const [what, path = ""] = process.argv.slice(2);
const results = read(path);
const failures = results === null ? [] : failuresOf(results);
if (what === "files") {
  console.log([...new Set(failures.map(({ file }) => file))].join("\n"));
} else {
  const flaky = what === "flaky";
  for (const failure of failures) print(flaky ? "flaky" : "failed", failure);
  const passed = (results?.numPassedTests ?? 0) + (flaky ? failures.length : 0);
  // A run that breaks off, or an error outside of every test, fails as well.
  const failed = what === "failed" ? Math.max(1, failures.length) : 0;
  console.log(`${passed} passed, ${failed} failed`);
}
