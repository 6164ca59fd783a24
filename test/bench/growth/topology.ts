import type { StackConfiguration } from "../shared-stack.ts";
import { UNROUTED } from "../../../wire/names.ts";

/** Root belongs to no environment: what it writes goes to the queues of this one. */
export const OTHER_ENVIRONMENT = UNROUTED;
/** Says when all before it is delivered; nothing else is written to it. */
export const MARKER_TABLE = "marker";
/** The subscriber of the marker's table. */
export const MARKER = "marker";

/**
 * So many environments with a subscriber each, and as many subscribers in the first environment;
 * each subscriber has a table of its own. Besides, what there is in every size: a subscriber of
 * many tables that gets them in one message group, and one that gets them in one group for each.
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

/** Numbers begin with 1. */
export function environmentName(n: number): string {
  return `e${n}`;
}

/** The table of the nth subscriber. */
export function ownTable(n: number): string {
  return `own_${n}`;
}

/** One of many tables of two subscribers. */
export function manyTable(n: number): string {
  return `many_${n}`;
}
