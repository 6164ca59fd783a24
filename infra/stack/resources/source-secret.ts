import { RemovalPolicy } from "aws-cdk-lib";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import { Secret, type ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import type { HostedConfiguration } from "../../../config/configuration.ts";
import { acknowledge } from "./acknowledge.ts";

/**
 * The MySQL account that the reader uses: `{ "username", "password" }`, read at every connect, so
 * that it may rotate.
 */
export class SourceSecret extends Construct {
  readonly secret: ISecret;
  readonly #keyArn: string | undefined;

  constructor(
    scope: Construct,
    id: string,
    source: HostedConfiguration["source"],
    existing: ISecret | undefined,
  ) {
    super(scope, id);
    const { secretArn } = source;
    this.secret =
      existing ??
      (secretArn === undefined
        ? this.#create(source)
        : Secret.fromSecretCompleteArn(this, "Secret", secretArn));
    this.#keyArn = source.secretKeyArn;
  }

  /** Lets a principal read the secret, and decrypt it where its key is not AWS's own. */
  grantRead(grantee: IGrantable): void {
    this.secret.grantRead(grantee);
    if (this.#keyArn === undefined) return;
    Grant.addToPrincipal({ grantee, actions: ["kms:Decrypt"], resourceArns: [this.#keyArn] });
  }

  #create({ host, port }: HostedConfiguration["source"]): ISecret {
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
