import { RemovalPolicy } from "aws-cdk-lib";
import { Secret, type ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";

export interface SourceSecretProps {
  /** An existing secret; undefined makes one. */
  readonly secretArn: string | undefined;
}

/** The MySQL account that the reader uses: `{ "username", "password" }`, read at every connect, so that it may rotate. */
export class SourceSecret extends Construct {
  readonly secret: ISecret;

  constructor(scope: Construct, id: string, props: SourceSecretProps) {
    super(scope, id);
    this.secret =
      props.secretArn === undefined
        ? (new Secret(this, "Secret", {
            description: "The MySQL account of binlog-router's reader",
            generateSecretString: {
              secretStringTemplate: JSON.stringify({ username: "binlog_router" }),
              generateStringKey: "password",
              passwordLength: 32,
              excludePunctuation: true,
            },
            removalPolicy: RemovalPolicy.RETAIN,
          }) as ISecret)
        : Secret.fromSecretCompleteArn(this, "Secret", props.secretArn);
  }
}
