/** A statement of a policy whose references are resolved to texts. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  /** A resource's policy always names one of `Resource` and `NotResource`, too. */
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  /** Absent in the policies of an identity. */
  readonly Principal?: Principal;
  readonly NotPrincipal?: Principal;
  readonly Condition?: Readonly<
    Record<string, Readonly<Record<string, string | number | readonly (string | number)[]>>>
  >;
}

type Principal = "*" | Readonly<Record<string, string | readonly string[]>>;

/** Who asks: a role, a session of a role, a user or a service. */
export interface Caller {
  /** `aws:PrincipalArn`: the ARN of the user or role, for a session that of its role. */
  readonly arn: string;
  /** The session's own ARN, when the caller has assumed the role. */
  readonly sessionArn?: string;
  /** The name of an AWS service, such as `cloudwatch.amazonaws.com`, which has no ARN. */
  readonly service?: string;
}

export interface Request {
  readonly caller: Caller;
  readonly action: string;
  readonly resource: string;
  /** Values of condition keys. `aws:PrincipalArn` is that of the caller. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

/**
 * Whether a pattern with `*` (any text) and `?` (one character) matches a text. Patterns have no
 * other special characters.
 */
export function globMatches(pattern: string, text: string): boolean {
  const known = EXPRESSIONS.get(pattern) ?? expressionOf(pattern);
  EXPRESSIONS.set(pattern, known);
  return known.test(text);
}

const EXPRESSIONS = new Map<string, RegExp>();

function expressionOf(pattern: string): RegExp {
  const expression = Array.from(pattern, (character) => {
    if (character === "*") return ".*";
    return character === "?" ? "." : character.replace(/[.+^$(){}|[\]\\]/, String.raw`\$&`);
  }).join("");
  return new RegExp(`^${expression}$`, "s");
}

/** Whether two ARNs match, each of the six parts between colons for itself, as ArnLike does. */
export function arnMatches(pattern: string, arn: string): boolean {
  const [patterns, parts] = [pattern, arn].map(sixParts);
  return parts?.every((part, index) => globMatches(patterns?.[index] ?? "", part)) === true;
}

function sixParts(arn: string): string[] {
  const parts = arn.split(":");
  return [...Array.from({ length: 5 }, (_, index) => parts[index] ?? ""), parts.slice(5).join(":")];
}

/** Whether a statement is about this principal. In the policies of an identity each one is. */
export function isAbout({ Principal, NotPrincipal, Effect }: Statement, caller: Caller): boolean {
  if (NotPrincipal !== undefined) {
    const names = namesOf(caller);
    const listed = (name: string): boolean => lists(NotPrincipal, name);
    // A Deny spares a caller only if the account, the role and its session are all listed.
    return Effect === "Deny" ? !names.every(listed) : !names.some(listed);
  }
  if (Principal === undefined) return true;
  return namesOf(caller).some((name) => lists(Principal, name));
}

/**
 * Whether an Allow for this caller is an account's decision to let IAM decide: it names the account
 * and not the caller.
 */
export function namesTheAccountOnly({ Principal }: Statement, caller: Caller): boolean {
  if (Principal === undefined || Principal === "*") return false;
  const own = namesOf(caller).filter((name) => name !== rootOf(caller.arn));
  return !own.some((name) => lists(Principal, name));
}

function namesOf({ arn, sessionArn, service }: Caller): string[] {
  if (service !== undefined) return [service];
  return [arn, ...(sessionArn === undefined ? [] : [sessionArn]), rootOf(arn)];
}

function rootOf(arn: string): string {
  return arn.replace(/^(arn:[^:]+:iam::\d+):.*$/, "$1:root");
}

function lists(principal: Principal, name: string): boolean {
  if (principal === "*") return true;
  const isArn = name.startsWith("arn:");
  return [principal[isArn ? "AWS" : "Service"] ?? []].flat().some((one) => {
    const listed = /^\d{12}$/.test(one) ? `arn:aws:iam::${one}:root` : one;
    // A principal is a whole ARN; only "*" alone is a pattern.
    return listed === name || (listed === "*" && isArn);
  });
}

/** Whether a statement is about this action. Actions are the same in any case. */
export function concernsAction({ Action, NotAction }: Statement, action: string): boolean {
  const some = (patterns: string | readonly string[]): boolean =>
    [patterns].flat().some((one) => globMatches(one.toLowerCase(), action.toLowerCase()));
  return NotAction === undefined ? some(Action ?? []) : !some(NotAction);
}

/** Whether a statement is about this resource. */
export function concernsResource({ Resource, NotResource }: Statement, resource: string): boolean {
  const some = (patterns: string | readonly string[]): boolean =>
    [patterns].flat().some((one) => globMatches(one, resource));
  return NotResource === undefined ? some(Resource ?? []) : !some(NotResource);
}
