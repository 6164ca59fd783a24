import { defineConfig } from "vitest/config";
import { compileCache } from "./infra/local/process/compile-cache.ts";
import { OutsideErrors } from "./test/support/repository/outside-errors.ts";

// Where .ci/run wants the results as JSON, besides what people read.
const results = process.env["TEST_RESULTS"];

// Most test files are processes of their own and load the AWS SDK: once compiled, it stays so.
Object.assign(process.env, compileCache());

// vitest's own is one second, which a busy machine may take for anything.
const expectation = { poll: { timeout: 60_000 } };

/**
 * Four projects. `unit`: pure functions, milliseconds. `infra`: what the CDK app synthesizes. Their
 * files share two processes, which load each module once: a test leaves no trace in one. Then
 * `integration`: a real MySQL, real processes and the local stand-ins over the network; four files
 * at a time on any machine: each starts servers, and waits for most of its time. Last `alone`:
 * tests that compare delays, one at a time.
 */
export default defineConfig({
  test: {
    reporters:
      results === undefined
        ? ["default"]
        : ["default", ["json", { outputFile: results }], new OutsideErrors(`${results}.outside`)],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts", "infra/local-aws/test/unit/**/*.test.ts"],
          expect: expectation,
          testTimeout: 120_000,
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "integration",
          include: [
            "test/integration/**/*.test.ts",
            "infra/local-aws/test/integration/**/*.test.ts",
          ],
          expect: expectation,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
          globalSetup: [
            "test/support/prepare-mysql.ts",
            "test/support/prepare-python.ts",
            "test/support/prepare-reader.ts",
            "test/support/prepare-operator.ts",
          ],
        },
      },
      {
        test: {
          name: "infra",
          include: ["test/infra/**/*.test.ts"],
          expect: expectation,
          testTimeout: 300_000,
          hookTimeout: 120_000,
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "alone",
          include: ["test/alone/**/*.test.ts"],
          expect: expectation,
          testTimeout: 300_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
