import { globMatcher } from "../../wire/glob.ts";
import { LEDGER_SCHEMA } from "../ledger/objects.ts";
import type { Account, ServerFacts } from "./facts.ts";
import { type Finding, mendedByHand } from "./finding.ts";

/** Environments and the entries of their `users`. */
export type Environments = Readonly<Record<string, { readonly users: readonly string[] }>>;

/** What concerns the accounts of the environments. */
export function accountFindings(
  { accounts }: ServerFacts,
  environments: Environments,
  reader: string,
): Finding[] {
  return accounts
    .filter(({ user, isLocked }) => !isLocked && user !== reader && !user.startsWith(LEDGER_SCHEMA))
    .flatMap((account) => findingsOf(account, environmentsOf(account, environments)));
}

function findingsOf(account: Account, environments: readonly string[]): Finding[] {
  const name = `'${account.user}'@'${account.host}'`;
  const [environment, ...more] = environments;
  if (environment === undefined) return [inNoEnvironment(account, name)];
  const findings: Finding[] = [];
  if (more.length > 0) {
    findings.push(
      mendedByHand("Give each environment an account of its own.", {
        check: "accounts.shared",
        severity: "warning",
        what: `${name} belongs to the environments ${environments.join(", ")}, by its client's host`,
        why: "an application that moves to another host changes its environment",
      }),
    );
  }
  if (account.isAdministrator) {
    findings.push({
      check: "accounts.administrator",
      severity: "warning",
      what: `${name} of the environment ${environment} has CONNECTION_ADMIN or SUPER`,
      why: "init_connect is not run for it, so that the ledger does not know its connections",
      remedy: `Take both privileges from it: REVOKE CONNECTION_ADMIN, SUPER ON *.* FROM ${name}.`,
      statements: [`REVOKE IF EXISTS CONNECTION_ADMIN, SUPER ON *.* FROM ${name}`],
    });
  }
  return findings;
}

function inNoEnvironment({ isAdministrator, mayWrite }: Account, name: string): Finding {
  return mendedByHand("List it in an environment's users if an application uses it.", {
    check: "accounts.no-environment",
    severity: isAdministrator || !mayWrite ? "note" : "warning",
    what: `${name} is in no environment${isAdministrator ? ", and is an administrator" : ""}`,
    why: "its changes go where the configuration's otherUsers says",
  });
}

/** The environments whose entries name an account best: exactly, else by the longest pattern; hosts do not decide. */
export function environmentsOf(account: Account, environments: Environments): string[] {
  const claims = Object.entries(environments).flatMap(([environment, { users }]) =>
    users
      .map((entry) => (entry.includes("@") ? entry.slice(0, entry.lastIndexOf("@")) : entry))
      .filter((user) => globMatcher(user)(account.user))
      .map((user) => ({
        environment,
        rank: /[*?]/.test(user) ? user.length : Number.POSITIVE_INFINITY,
      })),
  );
  const best = Math.max(...claims.map(({ rank }) => rank));
  return [
    ...new Set(claims.filter(({ rank }) => rank === best).map(({ environment }) => environment)),
  ];
}
