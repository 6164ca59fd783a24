import { createConnection } from "mysql2/promise";
import type { Frame } from "../../wire/frame.ts";
import type { Account } from "./mysql.ts";

/**
 * Makes `count` short connections, at most `atOnce` at the same time, with `accounts` in turn. Each
 * inserts one row, with `firstId`, `firstId + 1`, … as `id` and the account's name as `note`, and
 * closes at once.
 */
export async function insertBriefly(
  { host, port }: { readonly host: string; readonly port: number },
  accounts: readonly Account[],
  { count, firstId = 1, atOnce = 16 }: { count: number; firstId?: number; atOnce?: number },
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) {
      const { user, password } = accounts[i % accounts.length] as Account;
      const connection = await createConnection({ host, port, user, password });
      await connection.query("INSERT INTO shop.orders VALUES (?, ?)", [firstId + i, user]);
      connection.destroy();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/** How the authors in frames compare with the accounts in the rows. */
export interface Split {
  readonly right: number;
  readonly wrong: number;
  readonly unknown: number;
  /** How many changes were attributed in each way. */
  readonly attributions: Readonly<Record<string, number>>;
}

/** Compares the authors of inserts with their `note`, which is the name of the account. */
export function splitOf(frames: readonly Frame[]): Split {
  const split = { right: 0, wrong: 0, unknown: 0, attributions: {} as Record<string, number> };
  for (const frame of frames) {
    for (const change of frame.changes) {
      const author = frame.authors[frame.transactions[change.transaction]?.author ?? -1];
      const { note } = JSON.parse(change.after) as { note: string };
      const how = author?.attribution ?? "unknown";
      split.attributions[how] = (split.attributions[how] ?? 0) + 1;
      if (author === undefined) split.unknown++;
      else if (author.user === note) split.right++;
      else split.wrong++;
    }
  }
  return split;
}
