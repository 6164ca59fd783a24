import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { FORMATS, type Format } from "../../../../wire/formats/formats.ts";
import type { RoutingInput } from "../../../../config/routing.ts";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { messagesIn } from "../../../support/functions/messages-in.ts";
import { sharesOf } from "../../../support/functions/shares-of.ts";

const golden = (name: string) =>
  fileURLToPath(new URL(`../../../golden/formats/${name}`, import.meta.url));

test.each(Object.keys(FORMATS) as Format[])(
  "the %s messages of a frame with every operation equal the golden file byte for byte",
  async (format) => {
    const routing: RoutingInput = {
      environments: { staging: { users: ["app_staging", "stg_*"] } },
      subscribers: { search: { tables: ["shop.*"], groupBy: "key", format } },
    };
    const frame = readFrame(readFileSync(golden("frame.txt"), "utf8"), "shop");
    const shares = sharesOf(frame, routing, { nowMs: 1_795_190_009_000 });
    const bodies = messagesIn(shares).map(({ body }) => `${String(body)}\n`);
    await expect(bodies.join("")).toMatchFileSnapshot(golden(`${format}.jsonl`));
  },
);
