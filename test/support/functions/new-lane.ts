import type { LaneState } from "../../../functions/delivery/lanes-table.ts";

/** A lane of which nothing was delivered. */
export const NEW_LANE: LaneState = {
  lane: 0,
  delivered: null,
  life: null,
  others: new Map(),
  troubled: new Set(),
  version: 0,
};
