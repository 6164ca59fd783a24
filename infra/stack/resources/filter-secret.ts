import { RemovalPolicy } from "aws-cdk-lib";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";

/**
 * The key of the hashes of masked values. Only the functions read it. It is kept like the tables.
 */
export class FilterSecret extends Construct {
  readonly secret: Secret;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.secret = new Secret(this, "Secret", {
      description: "The key of the hashes that binlog-router writes in place of masked values",
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acknowledge(
      this.secret,
      "SMG4",
      "A rotation gives every masked value another hash, so it is an operator's decision (docs/filters.md).",
    );
  }
}
