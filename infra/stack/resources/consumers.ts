import { Lazy, Stack, Token } from "aws-cdk-lib";
import type { IGrantable, IRole } from "aws-cdk-lib/aws-iam";

/** The principals that may read one environment's rows. */
export class Consumers {
  readonly environment: string;
  /** Those that the configuration lists, ARNs. */
  readonly listed: readonly string[];
  readonly #stack: Stack;
  readonly #granted: string[] = [];

  constructor(stack: Stack, environment: string, listed: readonly string[]) {
    this.#stack = stack;
    this.environment = environment;
    this.listed = listed;
  }

  /** Whether everybody else is kept out by a Deny in the resources' own policies. */
  get isClosed(): boolean {
    return this.listed.length > 0;
  }

  /** These ARNs and those of all consumers, including those that are admitted later. */
  and(before: readonly string[], after: readonly string[] = []): string[] {
    return Lazy.list({ produce: () => [...before, ...this.listed, ...this.#granted, ...after] });
  }

  /**
   * Makes an exception from the Deny for a principal that is granted access by a policy of its own.
   * Throws RangeError for one whose ARN the stack cannot know.
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
