import type { StackConfiguration } from "../shared-stack.ts";
import { UNROUTED } from "../../../wire/names.ts";

/** The environment of root's changes, because root is a user of no environment. */
export const OTHER_ENVIRONMENT = UNROUTED;
/** A table for markers: when one arrives, everything before it is delivered. */
export const MARKER_TABLE = "marker";
/** The subscriber of that table. */
export const MARKER = "marker";

/**
 * `size` environments with a subscriber each, and as many subscribers in the first environment;
 * each subscriber has its own table. Every size also has a subscriber that gets many tables in one
 * message group, and one that gets them in a message group each.
 */
export function topology(size: number): StackConfiguration {
  const numbers = Array.from({ length: size }, (_, index) => index + 1);
  return {
    environments: Object.fromEntries(
      numbers.map((n) => [environmentName(n), { users: [`app_${n}`] }]),
    ),
    subscribers: {
      ...Object.fromEntries(
        numbers.map((n) => [
          `own-${n}`,
          {
            tables: [`shop.${ownTable(n)}`],
            environments: n === 1 ? numbers.map(environmentName) : [environmentName(1)],
            ddl: "none",
          },
        ]),
      ),
      together: {
        tables: ["shop.many_*"],
        groupBy: "source",
        environments: [environmentName(1)],
        ddl: "none",
      },
      apart: { tables: ["shop.many_*"], environments: [OTHER_ENVIRONMENT], ddl: "none" },
      [MARKER]: {
        tables: [`shop.${MARKER_TABLE}`],
        environments: [OTHER_ENVIRONMENT],
        ddl: "none",
      },
    },
  };
}

/** The name of the n-th environment; n begins at 1. */
export function environmentName(n: number): string {
  return `e${n}`;
}

/** The table of the n-th subscriber. */
export function ownTable(n: number): string {
  return `own_${n}`;
}

/** The n-th of the many tables that two subscribers share. */
export function manyTable(n: number): string {
  return `many_${n}`;
}
