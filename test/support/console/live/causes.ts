import type { LiveCause } from "./cause.ts";
import { DELIVERY_CAUSES } from "./delivery-causes.ts";
import { FRAME_CAUSES } from "./frame-causes.ts";
import { FUNCTION_CAUSES } from "./function-causes.ts";
import { READER_CAUSES } from "./reader-causes.ts";

/** Causes that ring within seconds, even when one reader runs alone. */
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

/** The causes for `ALARM_CAUSES=all`: the stack then has a standby, applications and a canary. */
export const ALL: readonly LiveCause[] = [
  ...QUICK,
  ...READER_CAUSES,
  ...FUNCTION_CAUSES,
  ...FRAME_CAUSES,
  ...DELIVERY_CAUSES,
];
