import { type ConfigProblem, pathText } from "./config-error.ts";
import { globsOverlap } from "./glob-overlap.ts";
import { parseUserEntry, patternRank, type UserEntry } from "./user-entries.ts";

/** One entry of an environment's `users`. */
interface Claim extends UserEntry {
  readonly environment: string;
  readonly index: number;
  readonly text: string;
}

/**
 * Reports hosts with MySQL's wildcard `%`: here it would stand for itself, and the entry would
 * match no client. (Inside an IPv6 address it names a zone.)
 */
export function hostWildcardProblems(
  environments: ReadonlyMap<string, readonly string[]>,
): ConfigProblem[] {
  return [...environments].flatMap(([environment, users]) =>
    users.flatMap((text, index) => {
      const { host } = parseUserEntry(text);
      if (!/^[^:]*%|%['"`]?$/.test(host)) return [];
      return [
        {
          path: pathText(["environments", environment, "users", index]),
          message: 'has a host with "%": write * for any characters, or leave the host out',
        },
      ];
    }),
  );
}

/**
 * Reports users that two environments claim with equal right. A user belongs to the entry that
 * names it exactly, else to the longest pattern that matches it. So only entries of the same rank
 * that match a common user and host conflict.
 */
export function userClaimProblems(
  environments: ReadonlyMap<string, readonly string[]>,
): ConfigProblem[] {
  const claims = [...environments].flatMap(([environment, users]) =>
    users.map((text, index): Claim => ({ environment, index, text, ...parseUserEntry(text) })),
  );
  return claims.flatMap((claim, at) => {
    const earlier = claims
      .slice(0, at)
      .find((other) => other.environment !== claim.environment && inConflict(claim, other));
    if (earlier === undefined) return [];
    return [
      {
        path: pathText(["environments", claim.environment, "users", claim.index]),
        message:
          claim.text === earlier.text
            ? `is claimed by the environment ${JSON.stringify(earlier.environment)} too`
            : `claims users that ${JSON.stringify(earlier.text)} of the environment ${JSON.stringify(earlier.environment)} claims with the same precedence`,
      },
    ];
  });
}

function inConflict(a: Claim, b: Claim): boolean {
  return (
    a.text !== "" &&
    patternRank(a.user) === patternRank(b.user) &&
    patternRank(a.host) === patternRank(b.host) &&
    globsOverlap(a.user, b.user) &&
    globsOverlap(a.host.toLowerCase(), b.host.toLowerCase())
  );
}
