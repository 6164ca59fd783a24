import { withTables } from "../tables.ts";
import { limitsTable } from "./limits-table.ts";
import { peersTables, type Words } from "./peers-table.ts";
import { recorded } from "./record.ts";
import { CHINESE, ENGLISH } from "./words.ts";

/**
 * The pages with tables of recorded runs, by their paths from the repository's root: what puts the
 * table between its markers. Without a recorded run, nothing is between them.
 */
export const PAGES: Readonly<Record<string, (page: string) => Promise<string>>> = {
  "README.md": async (page) => withTables(page, { peers: await peers(ENGLISH) }),
  "README.zh-CN.md": async (page) => withTables(page, { peers: await peers(CHINESE) }),
  "docs/performance.md": async (page) => withTables(page, { limits: await limits() }),
};

async function peers(words: Words): Promise<string> {
  const record = await recorded("peers");
  return record === null ? "" : peersTables(record, words);
}

async function limits(): Promise<string> {
  const record = await recorded("bench");
  return record === null ? "" : limitsTable(record);
}
