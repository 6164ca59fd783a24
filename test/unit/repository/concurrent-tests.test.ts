import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");

// Of tests that run together, these belong to the one that began last, which may end first.
const HOOKS_OF_ONE_TEST = /import \{[^}]*\bonTest(Finished|Failed)\b[^}]*\} from "vitest"/;

it("tests that run together register what happens at their end by their own context", () => {
  const files = ["test", "infra/local-aws/test"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".test.ts"))
      .map((path) => join(folder, path)),
  );
  const together = files
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }))
    .filter(({ text }) => /^\s*(test|it|describe)\.concurrent\b/m.test(text));
  expect(together.length).toBeGreaterThan(0);
  const mistaken = together.filter(({ text }) => HOOKS_OF_ONE_TEST.test(text));
  expect(mistaken.map(({ path }) => path)).toEqual([]);
});
