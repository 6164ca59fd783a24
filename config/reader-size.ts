import type { ConfigProblem } from "./config-error.ts";
import type { Configuration } from "./configuration.ts";
import { filteredNames } from "./filtered-names.ts";
import { initialSnapshots } from "./initial-snapshots.ts";

type Sized = Pick<Configuration, "name" | "environments" | "subscribers" | "otherUsers" | "source">;

/**
 * The bytes that the reader's lists may take: ECS allows 64 KiB for a task definition, and the rest
 * of it takes less than 8.
 */
const READER_ROOM = 56 * 1024;

/** Reports lists that are too long for the variables of the reader's task definition. */
export function readerProblems(config: Sized): ConfigProblem[] {
  const bytes = readerListsLength(config);
  if (bytes <= READER_ROOM) return [];
  return [
    {
      path: "subscribers",
      message: `and source.tables take ${bytes} bytes in variables of the reader (tables, filters, and for snapshot "initial" the tables of each queue), and ECS has room for ${READER_ROOM}: use patterns for tables and columns, or order the snapshots with npm run snapshot`,
    },
  ];
}

/** The length of the reader's lists as ECS gets them: JSON texts inside a JSON text. */
export function readerListsLength({ source, ...config }: Sized): number {
  const lists = [
    source.tables,
    source.statementTables,
    initialSnapshots(config),
    filteredNames(config.subscribers),
  ];
  return lists.reduce(
    (sum, list) => sum + Buffer.byteLength(JSON.stringify(JSON.stringify(list))),
    0,
  );
}
