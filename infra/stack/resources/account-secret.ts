import { RemovalPolicy } from "aws-cdk-lib";
import { Grant, type IGrantable, type PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Secret, type ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import { allow } from "./policy-statements.ts";

export interface AccountSecretProps {
  readonly description: string;
  /** Of the secret that is made. */
  readonly username: string;
  readonly host: string;
  readonly port: number;
  /** Of a secret that is there already. */
  readonly secretArn: string | undefined;
  /** The KMS key of that one, where it is not AWS's own. */
  readonly secretKeyArn: string | undefined;
  /** The secret of the app, in place of `secretArn`. */
  readonly existing?: ISecret | undefined;
}

/**
 * A MySQL account: `{ "username", "password" }`, read at every connect, so that it may rotate. It
 * is made where the props name none.
 */
export class AccountSecret extends Construct {
  readonly secret: ISecret;
  readonly #keyArn: string | undefined;

  constructor(scope: Construct, id: string, props: AccountSecretProps) {
    super(scope, id);
    const { secretArn } = props;
    this.secret =
      props.existing ??
      (secretArn === undefined
        ? this.#create(props)
        : Secret.fromSecretCompleteArn(this, "Secret", secretArn));
    this.#keyArn = props.secretKeyArn;
  }

  /** What `grantRead` grants, for a policy. */
  readStatements(): PolicyStatement[] {
    return [
      allow(["secretsmanager:GetSecretValue"], this.secret.secretArn),
      ...(this.#keyArn === undefined ? [] : [allow(["kms:Decrypt"], this.#keyArn)]),
    ];
  }

  /** Lets a principal read the secret, and decrypt it where its key is not AWS's own. */
  grantRead(grantee: IGrantable): void {
    this.secret.grantRead(grantee);
    if (this.#keyArn === undefined) return;
    Grant.addToPrincipal({ grantee, actions: ["kms:Decrypt"], resourceArns: [this.#keyArn] });
  }

  #create({ description, username, host, port }: AccountSecretProps): ISecret {
    const secret = new Secret(this, "Secret", {
      description,
      generateSecretString: {
        // The fields that Secrets Manager's own rotation functions for MySQL ask for.
        secretStringTemplate: JSON.stringify({
          engine: "mysql",
          host,
          port,
          username,
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
      "Rotation needs a function inside the database's network, which is the database's owner to add (docs/deploying.md); it is read at every connect.",
    );
    return secret as ISecret;
  }
}
