import { type ConfigProblem, pathText } from "./config-error.ts";
import { globsOverlap } from "./glob-overlap.ts";

/** One entry of an environment's `users`. */
interface Claim {
  readonly environment: string;
  readonly index: number;
  readonly text: string;
  readonly user: string;
  /** `*` when the entry names no host. */
  readonly host: string;
}

/**
 * Users that two environments claim with equal right. A user is claimed by the entry that names it exactly, else by the
 * longest pattern that matches, so only entries of the same rank that match a common user and host are in conflict.
 */
export function userClaimProblems(
  environments: ReadonlyMap<string, readonly string[]>,
): ConfigProblem[] {
  const claims = [...environments].flatMap(([environment, users]) =>
    users.map((text, index) => claimOf(environment, index, text)),
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
            : `claims users that ${JSON.stringify(earlier.text)} of the environment ${JSON.stringify(earlier.environment)} claims with equal right`,
      },
    ];
  });
}

function claimOf(environment: string, index: number, text: string): Claim {
  const at = text.lastIndexOf("@");
  return at < 0
    ? { environment, index, text, user: text, host: "*" }
    : { environment, index, text, user: text.slice(0, at), host: text.slice(at + 1).toLowerCase() };
}

function inConflict(a: Claim, b: Claim): boolean {
  return (
    a.text !== "" &&
    rank(a.user) === rank(b.user) &&
    rank(a.host) === rank(b.host) &&
    globsOverlap(a.user, b.user) &&
    globsOverlap(a.host, b.host)
  );
}

/** Exact names rank above every pattern, longer patterns above shorter ones. */
function rank(glob: string): number {
  return /[*?]/.test(glob) ? glob.length : Number.POSITIVE_INFINITY;
}
