import { DROP, type Routing } from "../../config/routing.ts";
import { parseUserEntry, patternRank } from "../../config/user-entries.ts";
import { globMatcher } from "../../wire/glob.ts";

/**
 * Says to which environment a MySQL account's changes belong; null: they are dropped and counted.
 */
export interface EnvironmentOf {
  (user: string, host: string): string | null;
  /** Whether the environment of a user depends on the client's host. */
  dependsOnHost(user: string): boolean;
}

interface Claim {
  readonly environment: string;
  readonly userRank: number;
  readonly hostRank: number;
  readonly isOfAnyHost: boolean;
  readonly matchesUser: (user: string) => boolean;
  readonly matches: (user: string, host: string) => boolean;
}

/**
 * An entry that names the user exactly wins over patterns, a longer pattern over a shorter one;
 * among equals the same counts for the host. The configuration refuses two environments whose
 * entries could be equal in both, so the first claim found is the only best one. User names are
 * compared with case, as MySQL does, host names without.
 */
export function environmentOf(
  routing: Pick<Routing, "environments" | "otherUsers">,
): EnvironmentOf {
  const claims = Object.entries(routing.environments)
    .flatMap(([environment, { users }]) => users.map((entry) => claimOf(environment, entry)))
    .sort((a, b) => b.userRank - a.userRank || b.hostRank - a.hostRank);
  const other = routing.otherUsers === DROP ? null : routing.otherUsers;
  const environment = remember((user, host) => {
    const claim = claims.find(({ matches }) => matches(user, host));
    return claim === undefined ? other : claim.environment;
  });
  return Object.assign(environment, {
    dependsOnHost: (user: string) =>
      claims.find(({ matchesUser }) => matchesUser(user))?.isOfAnyHost === false,
  });
}

function claimOf(environment: string, entry: string): Claim {
  const { user, host } = parseUserEntry(entry);
  const userMatches = globMatcher(user);
  const hostMatches = globMatcher(host.toLowerCase());
  return {
    environment,
    userRank: patternRank(user),
    hostRank: patternRank(host),
    isOfAnyHost: host === "*",
    matchesUser: userMatches,
    matches: (aUser, aHost) => userMatches(aUser) && hostMatches(aHost.toLowerCase()),
  };
}

/**
 * Thousands of connections share a few accounts, but hosts may be many: the memory is emptied when
 * it grows long.
 */
function remember(
  decide: (user: string, host: string) => string | null,
): (user: string, host: string) => string | null {
  const known = new Map<string, string | null>();
  return (user, host) => {
    const key = `${user}\n${host}`;
    const answer = known.get(key);
    if (answer !== undefined) return answer;
    if (known.size >= 10_000) known.clear();
    const decided = decide(user, host);
    known.set(key, decided);
    return decided;
  };
}
