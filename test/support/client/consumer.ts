import { DynamoDBPositionStore } from "../../../client/dynamodb.ts";
import { subscribe } from "../../../client/index.ts";

/**
 * The program of an application's process. It prints `begin <pos>` and `end <pos>` for each change,
 * and hangs in the change at the offset HANG_AT. Everything else it takes from the environment, as
 * an application does.
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
