import type { Frame } from "../../../wire/frame.ts";
import { isForeignRun } from "../../../wire/session.ts";

/** The reasons for which, by docs/attribution.md, a change may have no author. */
const REASONS = [
  "played again",
  "written on the former source, read from the new one",
  "of an account with CONNECTION_ADMIN",
] as const;

type Reason = (typeof REASONS)[number];

/** What the test knows about the changes that were written. */
export interface Written {
  /** The greatest id among the rows of the replayed binlog. */
  readonly lastPlayed: number;
  /** An account for which MySQL does not run init_connect. */
  readonly administrator: string;
  /** Returns the uuid of the server on which a row was written. */
  readonly serverOf: (id: number) => string;
}

/** The changes that arrived, each counted once: repeats after a kill have the same GTID and key. */
export class Arrivals {
  readonly #seen = new Set<string>();
  readonly #written: Written;
  right = 0;
  wrong = 0;
  unexplained = 0;
  readonly explained = Object.fromEntries(REASONS.map((reason) => [reason, 0])) as Record<
    Reason,
    number
  >;

  constructor(written: Written) {
    this.#written = written;
  }

  get count(): number {
    return this.#seen.size;
  }

  take({ changes, transactions, authors, server }: Frame): void {
    for (const { op, key, after, transaction: index } of changes) {
      const transaction = transactions[index];
      if (op !== "c" || transaction === undefined) continue;
      const name = `${transaction.gtid} ${key}`;
      if (this.#seen.has(name)) continue;
      this.#seen.add(name);
      const { id, note } = JSON.parse(after) as { id: number; note: string };
      const author = authors[transaction.author ?? -1];
      if (author?.user === note) this.right++;
      else if (author !== undefined) this.wrong++;
      else {
        const reason = this.#reasonOf(id, note, isForeignRun(transaction.run), server);
        if (reason === null) this.unexplained++;
        else this.explained[reason]++;
      }
    }
  }

  #reasonOf(id: number, note: string, isForeign: boolean, server: string): Reason | null {
    const { lastPlayed, administrator, serverOf } = this.#written;
    if (isForeign && id <= lastPlayed) return "played again";
    if (isForeign && serverOf(id) !== server)
      return "written on the former source, read from the new one";
    return !isForeign && note === administrator ? "of an account with CONNECTION_ADMIN" : null;
  }
}
