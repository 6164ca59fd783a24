import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { REPOSITORY_ROOT } from "../../../../../infra/stack/resources/repository-root.ts";
import { NO_BROWSER } from "../../../../support/console/browser.ts";

const VITEST = join(REPOSITORY_ROOT, "node_modules/vitest/vitest.mjs");

test("without Chromium, a run of the page's tests says once that it skipped them, and passes", async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [VITEST, "run", "--project", "integration", "local/console/page"],
    {
      cwd: REPOSITORY_ROOT,
      env: { ...process.env, BINLOG_ROUTER_CHROMIUM: "/does/not/exist", TEST_RESULTS: undefined },
    },
  );
  const text = stripVTControlCharacters(stdout);
  expect(text.split(NO_BROWSER)).toHaveLength(2);
  expect(text).toMatch(/Test Files +2 skipped \(2\)/);
});
