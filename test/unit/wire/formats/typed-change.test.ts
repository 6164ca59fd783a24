import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { changeWriter } from "../../../../wire/change-text.ts";
import { parseJsonExactly } from "../../../../wire/formats/json-text.ts";
import { typedChange } from "../../../../wire/formats/typed-change.ts";
import { decodeFrame } from "../../../../wire/decode-frame.ts";
import type { Author } from "../../../../wire/session.ts";

const FRAME = decodeFrame(
  readFileSync(new URL("../../../golden/formats/frame.txt", import.meta.url), "utf8"),
);
const WRITTEN: Author = { user: "app_staging", host: "10.0.3.7", attribution: "ledger" };
const OF_SNAPSHOT: Author = {
  user: "",
  host: "",
  attribution: "snapshot",
  snapshot: { id: "s1", subscriber: "search", environment: "staging" },
};

const CHANGES = [
  ...FRAME.changes,
  ...FRAME.changes.slice(0, 1).map((change) => ({ ...change, op: "r" as const })),
];

test.each(CHANGES.map((change) => ({ change, op: change.op })))(
  "a format receives the envelope's id, key and text for $op",
  ({ change, op }) => {
    const author = op === "r" ? OF_SNAPSHOT : WRITTEN;
    const halves = change.oldKey === "" ? [undefined] : [undefined, "delete", "create"];
    for (const half of halves as (undefined | "delete" | "create")[]) {
      const writeChange = changeWriter(FRAME);
      const options = { author, half, environment: "staging", isLast: true, writeChange };
      const { id, keyValues, changeText } = typedChange(FRAME, change, options);
      expect(changeText).toBe(changeWriter(FRAME)(change, author, half));
      expect(parseJsonExactly(changeText)).toMatchObject({ id, key: keyValues });
    }
  },
);
