import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { FORMATS, type Format } from "../../../../wire/formats/formats.ts";
import { decodeRouting, encodeRouting } from "../../../../config/routing.ts";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { fanOut } from "../../../../functions/message/fan-out.ts";
import { environmentOf } from "../../../../functions/routing/environments.ts";
import { subscriptionsOf } from "../../../../functions/routing/subscriptions.ts";
import { attribute } from "../../../../functions/sessions/attribute.ts";
import { messagesIn } from "../../../support/functions/messages-in.ts";

const golden = (name: string) =>
  fileURLToPath(new URL(`../../../golden/formats/${name}`, import.meta.url));

test.each(Object.keys(FORMATS) as Format[])(
  "the %s messages of a frame with every operation equal the golden file byte for byte",
  async (format) => {
    const routing = decodeRouting(
      encodeRouting({
        environments: { staging: { users: ["app_staging", "stg_*"] } },
        subscribers: { search: { tables: ["shop.*"], groupBy: "key", format } },
      }),
    );
    const frame = readFrame(readFileSync(golden("frame.txt"), "utf8"), "shop");
    const environments = environmentOf(routing);
    const { authored } = attribute(frame, frame.changes, new Map(), environments);
    const { queues } = fanOut(frame, authored, {
      environmentOf: environments,
      subscriptions: subscriptionsOf("shop", routing),
      now: () => 1_795_190_009_000,
    });
    const bodies = messagesIn(queues).map(({ body }) => `${String(body)}\n`);
    await expect(bodies.join("")).toMatchFileSnapshot(golden(`${format}.jsonl`));
  },
);
