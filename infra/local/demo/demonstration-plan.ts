import { tableMatcher } from "../../../wire/table-patterns.ts";
import { withoutCanary } from "../../../config/canary.ts";
import type { Configuration } from "../../../config/configuration.ts";
import { queuesByEnvironment } from "../request/queues-by-environment.ts";
import { NoDemonstrationError } from "../request/refusal.ts";
import { plannedAccounts, type PlannedAccount } from "../source/accounts.ts";
import { DEMO_DATABASE, DEMO_TABLES } from "../source/demonstration-schema.ts";
import type { ExpectedStream } from "./tally.ts";

export interface DemonstrationPlan {
  /** One account for each environment that writes. */
  readonly accounts: readonly PlannedAccount[];
  /** The queues of these environments that get changes of the demonstration's tables. */
  readonly streams: readonly ExpectedStream[];
}

/** Hosts of accounts that can log in from this machine. */
const HERE = new Set(["%", "localhost", "127.0.0.1"]);

/**
 * Plans who writes and who receives in the demonstration of a configuration. Throws
 * NoDemonstrationError when no environment names an account that can log in from here, or when no
 * subscriber gets the demonstration's tables.
 */
export function demonstrationPlan(given: Configuration): DemonstrationPlan {
  const config = withoutCanary(given);
  const accounts = new Map<string, PlannedAccount>();
  for (const account of plannedAccounts(config.environments)) {
    if (HERE.has(account.host) && !accounts.has(account.environment)) {
      accounts.set(account.environment, account);
    }
  }
  if (accounts.size === 0) {
    throw new NoDemonstrationError(
      "the demonstration needs an environment with a user that is not a pattern; add --no-demo",
    );
  }
  const streams = demonstrationStreams(config, accounts);
  if (streams.length === 0) {
    const tables = DEMO_TABLES.map((table) => `${DEMO_DATABASE}.${table}`).join(" and ");
    throw new NoDemonstrationError(
      `the demonstration writes to ${tables}, which no subscriber of this configuration gets; add --no-demo`,
    );
  }
  return { accounts: [...accounts.values()], streams };
}

function demonstrationStreams(
  config: Configuration,
  accounts: ReadonlyMap<string, PlannedAccount>,
): ExpectedStream[] {
  const isRead = tableMatcher(config.source.tables);
  return queuesByEnvironment(config)
    .filter(({ environment }) => accounts.has(environment))
    .map(({ environment, subscriber }) => {
      const isWanted = tableMatcher(config.subscribers[subscriber]?.tables ?? []);
      const wants = (table: string) =>
        isRead(DEMO_DATABASE, table) && isWanted(DEMO_DATABASE, table);
      return { environment, subscriber, wants };
    })
    .filter(({ wants }) => DEMO_TABLES.some(wants));
}
