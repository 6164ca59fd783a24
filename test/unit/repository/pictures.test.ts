import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { drawings } from "../../support/repository/draw-pictures.ts";

const drawn = await drawings();

test.each([...drawn.keys()])(
  "docs/pictures/%s is drawn from its text (npm run pictures)",
  (name) => {
    const picture = readFileSync(
      new URL(`../../../docs/pictures/${name}`, import.meta.url),
      "utf8",
    );
    expect(picture).toBe(drawn.get(name));
  },
);

test.each([...drawn.keys()])(
  "docs/pictures/%s is legible on a light and on a dark page",
  (name) => {
    const picture = drawn.get(name) ?? "";
    expect(picture).toContain("prefers-color-scheme: dark");
    // A fixed colour could be invisible on a light or on a dark background.
    expect(picture).not.toMatch(/ (?:fill|stroke)="/);
  },
);
