import { conditionsHold } from "./conditions.ts";
import {
  concernsAction,
  concernsResource,
  isAbout,
  namesTheAccountOnly,
  type Request,
  type Statement,
} from "./policy.ts";

/** How a request is decided: an explicit Deny, an Allow, or neither, which refuses it as well. */
export type Decision = "allowed" | "denied" | "not allowed";

export interface Policies {
  /** The statements of the caller's own policies. */
  readonly identity: readonly Statement[];
  /** The statements of the resource's policy. */
  readonly resource: readonly Statement[];
  /**
   * `account`: the resource is in the caller's account, so either policy can allow. `foreign`: it
   * is in another account, so both must. `key`: it is a KMS key, whose policy must allow, or must
   * leave the decision to the account.
   */
  readonly relation?: "account" | "foreign" | "key";
}

/**
 * Decides a request as AWS documents it
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
 * Permissions boundaries, session policies and organisations' policies are left out: they only take
 * permissions away.
 */
export function decide(policies: Policies, request: Request): Decision {
  const { identity, resource, relation = "account" } = policies;
  const applies = (statement: Statement): boolean =>
    isAbout(statement, request.caller) &&
    concernsAction(statement, request.action) &&
    concernsResource(statement, request.resource) &&
    conditionsHold(statement, request);
  if ([...identity, ...resource].some((one) => one.Effect === "Deny" && applies(one)))
    return "denied";

  const allows = (statements: readonly Statement[]): Statement[] =>
    statements.filter((one) => one.Effect === "Allow" && applies(one));
  const ofResource = allows(resource);
  const isDelegated = ofResource.length > 0;
  const isNamed = ofResource.some((one) => !namesTheAccountOnly(one, request.caller));
  const byIdentity = allows(identity).length > 0;
  const isAllowed = {
    account: byIdentity || isNamed,
    foreign: byIdentity && isDelegated,
    key: isNamed || (isDelegated && byIdentity),
  }[relation];
  return isAllowed ? "allowed" : "not allowed";
}
