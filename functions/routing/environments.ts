import { DROP, type Routing } from "../../config/routing.ts";
import { parseUserEntry, patternRank } from "../../config/user-entries.ts";
import { BoundedCache } from "../ground/bounded-cache.ts";
import { globMatcher } from "../../wire/glob.ts";

/**
 * Returns the environment of a MySQL account's changes; null when they are dropped and counted.
 */
export interface EnvironmentOf {
  (user: string, host: string): string | null;
  /** Whether a user's environment depends on the client's host. */
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
 * Finds the environments by the entries of `users`. An exact user name takes precedence over
 * patterns, and a longer pattern over a shorter one. Among equal entries, the same rules apply to
 * the host. The configuration's checks reject environments with equally good entries, so the first
 * match is the only best one. User names are case-sensitive, as in MySQL; host names are not.
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

/** Caches decisions: thousands of connections share a few accounts. */
function remember(
  decide: (user: string, host: string) => string | null,
): (user: string, host: string) => string | null {
  const known = new BoundedCache<string | null>();
  return (user, host) => {
    const key = `${user}\n${host}`;
    const answer = known.get(key);
    if (answer !== undefined) return answer;
    const decided = decide(user, host);
    known.set(key, decided);
    return decided;
  };
}
