import type { LiveCause } from "./cause.ts";
import { DELIVERY_CAUSES } from "./delivery-causes.ts";
import { FUNCTION_CAUSES } from "./function-causes.ts";
import { READER_CAUSES } from "./reader-causes.ts";

/** What rings also where one reader runs alone, within seconds. */
export const QUICK: readonly LiveCause[] = [
  {
    name: "MySQL cannot be reached, or does not answer",
    rings: ["Lag", "Reader held up", "Reader not reporting"],
    stopsAll: true,
    begin: ({ proxy }) => {
      proxy.refuse(true);
      proxy.cut();
    },
    end: ({ proxy }) => proxy.refuse(false),
  },
];

/** `ALARM_CAUSES=all`: those of a stack with a standby, applications and a canary. */
export const ALL: readonly LiveCause[] = [
  ...QUICK,
  ...READER_CAUSES,
  ...FUNCTION_CAUSES,
  ...DELIVERY_CAUSES,
];
