import { Lazy, Stack, Token } from "aws-cdk-lib";
import type { IGrantable, IRole } from "aws-cdk-lib/aws-iam";

/** The principals that may read one environment's rows. */
export class Consumers {
  readonly environment: string;
  /** ARNs of the consumers that the configuration lists. */
  readonly listed: readonly string[];
  readonly #stack: Stack;
  readonly #granted: string[] = [];

  constructor(stack: Stack, environment: string, listed: readonly string[]) {
    this.#stack = stack;
    this.environment = environment;
    this.listed = listed;
  }

  /** Whether policies of the resources deny access to everybody else. */
  get isClosed(): boolean {
    return this.listed.length > 0;
  }

  /** `before`, the ARNs of all consumers (including those admitted later), and `after`. */
  and(before: readonly string[], after: readonly string[] = []): string[] {
    return Lazy.list({ produce: () => [...before, ...this.listed, ...this.#granted, ...after] });
  }

  /**
   * Exempts a principal from the Deny, because a policy of its own grants it access. Throws
   * RangeError when the stack cannot know the principal's ARN.
   */
  admit(grantee: IGrantable): void {
    if (!this.isClosed) return;
    const { roleArn: arn, stack } = grantee.grantPrincipal as Partial<IRole>;
    if (arn === undefined || (Token.isUnresolved(arn) && stack !== this.#stack)) {
      throw new RangeError(
        `the environment ${this.environment} lists its consumers, so its queues refuse everybody else; add the ARN of this role to environments.${this.environment}.consumers instead of granting it access`,
      );
    }
    if (!this.listed.includes(arn) && !this.#granted.includes(arn)) this.#granted.push(arn);
  }
}
