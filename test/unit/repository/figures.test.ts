import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { PAGES } from "../../bench/figures/pages.ts";

const ROOT = join(import.meta.dirname, "../../..");

it.each(Object.entries(PAGES))(
  "%s has the figures of the recorded run (npm run figures)",
  async (name, withFigures) => {
    const page = readFileSync(join(ROOT, name), "utf8");
    expect(words(page)).toEqual(words(await withFigures(page)));
  },
);

/** A page's words, without line breaks and the padding of tables. */
function words(markdown: string): string[] {
  return markdown.split(/[\s|:-]+/);
}
