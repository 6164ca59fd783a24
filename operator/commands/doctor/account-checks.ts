import { parseUserEntry, patternRank } from "../../../config/user-entries.ts";
import { globMatcher, isGlob } from "../../../wire/glob.ts";
import { callsProcedure, QUERIES_PER_LOGIN } from "../../ledger/init-connect.ts";
import type { Account, ServerFacts } from "./facts.ts";
import { type Finding, fixedByStatements, fixedByHand } from "../../../reader/source/finding.ts";

/** The environments by name, with the entries of `users`. */
export type Environments = Readonly<Record<string, { readonly users: readonly string[] }>>;

/** Checks every account that can log in, except the reader's, against the environments. */
export function accountFindings(
  { accounts, ledger }: ServerFacts,
  environments: Environments,
  reader: string,
): Finding[] {
  return accounts
    .filter(({ user, isLocked }) => !isLocked && user !== reader)
    .flatMap((account) =>
      findingsOf(account, environmentsOf(account, environments), ledger.initConnect),
    );
}

/** Reports users that an environment lists by name and that do not exist on the server. */
export function missingUserFindings(
  { accounts }: ServerFacts,
  environments: Environments,
): Finding[] {
  const present = new Set(accounts.map(({ user }) => user));
  return Object.entries(environments).flatMap(([environment, { users }]) =>
    users
      .map((entry) => parseUserEntry(entry).user)
      .filter((user) => !isGlob(user) && !present.has(user))
      .map((user) =>
        fixedByHand("Create the account, or correct its name in the configuration.", {
          check: "accounts.missing",
          about: user,
          severity: "note",
          what: `the environment ${environment} names the user ${user}, which the server does not have`,
          why: "changes by a user whose name is spelled differently go where the configuration's otherUsers says",
        }),
      ),
  );
}

function findingsOf(
  account: Account,
  environments: readonly string[],
  initConnect: string,
): Finding[] {
  const name = `'${account.user}'@'${account.host}'`;
  if (account.user === "") return [anonymous(account, name)];
  const [environment, ...more] = environments;
  if (environment === undefined) return [inNoEnvironment(account, name)];
  const findings: Finding[] = [];
  if (more.length > 0) {
    findings.push(
      fixedByHand("Give each environment an account of its own.", {
        check: "accounts.shared",
        about: idOf(account),
        severity: "warning",
        what: `${name} belongs to the environments ${environments.join(", ")}, depending on its client's host`,
        why: "an application that moves to another host changes its environment",
      }),
    );
  }
  if (isAdministrator(account)) findings.push(administrator(account, name, environment));
  else if (account.questionsPerHour > 0 && callsProcedure(initConnect)) {
    findings.push(limited(account, name));
  }
  return findings;
}

function limited(account: Account, name: string): Finding {
  const { questionsPerHour } = account;
  return fixedByHand(
    `Run ALTER USER ${name} WITH MAX_QUERIES_PER_HOUR 0, or raise the limit by ${QUERIES_PER_LOGIN} for each login within an hour.`,
    {
      check: "accounts.limited",
      about: idOf(account),
      severity: "warning",
      what: `${name} may run ${questionsPerHour} queries an hour`,
      why: `the ledger uses ${QUERIES_PER_LOGIN} of them for each login, and an account that has used up its queries cannot log in`,
    },
  );
}

function administrator(account: Account, name: string, environment: string): Finding {
  const { adminPrivileges, adminRoles } = account;
  const finding = {
    check: "accounts.administrator",
    about: idOf(account),
    severity: "warning",
    what: `${name} of the environment ${environment} has ${[...adminPrivileges, ...adminRoles].join(" and ")}`,
    why: "MySQL does not run init_connect for an account with CONNECTION_ADMIN or SUPER, so the ledger does not register its connections",
  } as const;
  return adminRoles.length > 0
    ? fixedByHand(
        `Give it default roles other than ${adminRoles.join(", ")}, or revoke CONNECTION_ADMIN and SUPER from these.`,
        finding,
      )
    : fixedByStatements([`REVOKE ${adminPrivileges.join(", ")} ON *.* FROM ${name}`], finding);
}

function anonymous(account: Account, name: string): Finding {
  return fixedByHand(
    `Drop it, or run ALTER USER ${name} ACCOUNT LOCK. If its authentication plugin checks the name that a client gives (LDAP, PAM), accept this finding in the configuration.`,
    {
      check: "accounts.anonymous",
      about: idOf(account),
      severity: "warning",
      what: `${name} is an anonymous account, with which a client can log in under any user name`,
      why: "MySQL reports the name that the client gives as its user, so its changes go to the environment of any user that it names",
    },
  );
}

const idOf = ({ user, host }: Account): string => `${user}@${host}`;

function isAdministrator({ adminPrivileges, adminRoles }: Account): boolean {
  return adminPrivileges.length > 0 || adminRoles.length > 0;
}

function inNoEnvironment(account: Account, name: string): Finding {
  const isAdmin = isAdministrator(account);
  return fixedByHand("List it in an environment's users if an application uses it.", {
    check: "accounts.no-environment",
    about: idOf(account),
    severity: isAdmin || !account.mayWrite ? "note" : "warning",
    what: `${name} is in no environment${isAdmin ? ", and is an administrator" : ""}`,
    why: "its changes go where the configuration's otherUsers says",
  });
}

/**
 * The environments with the entry that matches the account's user best: an exact name, otherwise
 * the most specific pattern. Hosts are ignored.
 */
export function environmentsOf(account: Account, environments: Environments): string[] {
  const claims = Object.entries(environments).flatMap(([environment, { users }]) =>
    users
      .map((entry) => parseUserEntry(entry).user)
      .filter((user) => globMatcher(user)(account.user))
      .map((user) => ({ environment, rank: patternRank(user) })),
  );
  const best = Math.max(...claims.map(({ rank }) => rank));
  return [
    ...new Set(claims.filter(({ rank }) => rank === best).map(({ environment }) => environment)),
  ];
}
