import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { ASSEMBLY_MODULES, compiledFile } from "../../support/repository/assembly-modules.ts";

it.each(ASSEMBLY_MODULES)("$source is what was compiled", { timeout: 60_000 }, async (module) => {
  const { path, text } = await compiledFile(module);
  const isCurrent = (await readFile(path, "utf8")) === text;
  expect(isCurrent, "run npm run assembly").toBe(true);
});
