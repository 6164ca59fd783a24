import { Stack, Token } from "aws-cdk-lib";
import type { Construct, IConstruct } from "constructs";
import type { Configuration } from "../../config/configuration.ts";
import { queueNames } from "../../config/queues.ts";

const withRouter = new WeakMap<Stack, Construct>();

/** Throws RangeError when the router's stack has another one. */
export function onlyOneInItsStack(router: Construct): void {
  const stack = Stack.of(router);
  const other = withRouter.get(stack);
  if (other !== undefined) {
    throw new RangeError(
      `the stack ${stack.stackName} has a BinlogRouter already, ${other.node.path}: give each source a stack of its own`,
    );
  }
  withRouter.set(stack, router);
}

interface Owner {
  readonly path: string;
  readonly name: string;
}

/** The routers of an app by account, region and queue. */
const ofApps = new WeakMap<IConstruct, Map<string, Owner>>();

/**
 * Queues have fixed names, so two routers with a common one cannot be deployed beside each other:
 * two of one name, or `shop` with the subscriber `a-b` and `shop-a` with the subscriber `b`. Stacks
 * whose account or region is known only at the deployment may get different ones. Throws
 * RangeError.
 */
export function ownsItsQueues(router: Construct, config: Configuration): void {
  const { account, region } = Stack.of(router);
  if (Token.isUnresolved(account) || Token.isUnresolved(region)) return;
  const { root, path } = router.node;
  const owners = ofApps.get(root) ?? new Map<string, Owner>();
  ofApps.set(root, owners);
  for (const queue of queueNames(config)) {
    const place = [account, region, queue].join(" ");
    const other = owners.get(place);
    if (other !== undefined) {
      throw new RangeError(
        `${other.path} is a BinlogRouter named ${other.name} in the same account and region, and both have the queue ${queue}: give each source a name of its own`,
      );
    }
    owners.set(place, { path, name: config.name });
  }
}
