import { DynamoDBPositionStore } from "../../../client/dynamodb.ts";
import { subscribe } from "../../../client/index.ts";

/**
 * An application in a process of its own: prints `begin <pos>` and `end <pos>` for each change, and
 * never ends the one that HANG_AT names. Everything else it takes from the environment, as an
 * application does.
 */
const hangAt = Number(process.env["HANG_AT"]);
const table = process.env["POSITIONS_TABLE"];
const environment = process.env["APP_ENV"] ?? "";

const subscription = await subscribe(
  "billing",
  async (change) => {
    console.log(`begin ${change.source.pos}`);
    if (change.source.pos === hangAt) await new Promise(() => undefined);
    console.log(`end ${change.source.pos}`);
  },
  {
    visibilityTimeoutSeconds: 2,
    ...(table !== undefined && {
      positions: new DynamoDBPositionStore({ table, owner: `billing/${environment}` }),
    }),
  },
);
process.once("SIGTERM", () => void subscription.stop());
await subscription.finished;
