import { RemovalPolicy } from "aws-cdk-lib";
import { Secret, type ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import type { DeployableConfiguration } from "../../../config/configuration.ts";
import { acknowledge } from "./acknowledge.ts";

/** The MySQL account that the reader uses: `{ "username", "password" }`, read at every connect, so that it may rotate. */
export class SourceSecret extends Construct {
  readonly secret: ISecret;

  constructor(scope: Construct, id: string, source: DeployableConfiguration["source"]) {
    super(scope, id);
    this.secret =
      source.secretArn === undefined
        ? this.#create(source)
        : Secret.fromSecretCompleteArn(this, "Secret", source.secretArn);
  }

  #create({ host, port }: DeployableConfiguration["source"]): ISecret {
    const secret = new Secret(this, "Secret", {
      description: "The MySQL account of binlog-router's reader",
      generateSecretString: {
        // The fields that Secrets Manager's own rotation functions for MySQL ask for.
        secretStringTemplate: JSON.stringify({
          engine: "mysql",
          host,
          port,
          username: "binlog_router",
        }),
        generateStringKey: "password",
        passwordLength: 32,
        excludePunctuation: true,
      },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acknowledge(
      secret,
      "SMG4",
      "Rotation needs a function inside the database's network, which is the database's owner to add (docs/deploying.md); the reader reads the secret at every connect.",
    );
    return secret as ISecret;
  }
}
