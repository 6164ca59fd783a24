import { RemovalPolicy } from "aws-cdk-lib";
import { Grant, type IGrantable, type PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Secret, type ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { secretTemplate } from "../../../config/account-secret.ts";
import { acknowledge } from "./acknowledge.ts";
import { allow } from "./policy-statements.ts";

export interface AccountSecretProps {
  readonly description: string;
  /** The user name in a secret that is created. */
  readonly username: string;
  readonly host: string;
  readonly port: number;
  /** An existing secret; absent: one is created. */
  readonly secretArn: string | undefined;
  /** The KMS key of that secret, unless it is AWS's own. */
  readonly secretKeyArn: string | undefined;
  /** A secret of the app, instead of `secretArn`. */
  readonly existing?: ISecret | undefined;
}

/**
 * The secret of a MySQL account, `{ "username", "password" }`. It is read at every connect, so it
 * may rotate. It is created unless the props name one.
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

  /** The statements that `grantRead` grants. */
  readStatements(): PolicyStatement[] {
    return [
      allow(["secretsmanager:GetSecretValue"], this.secret.secretArn),
      ...(this.#keyArn === undefined ? [] : [allow(["kms:Decrypt"], this.#keyArn)]),
    ];
  }

  /** Lets a principal read the secret, and decrypt it with the given key. */
  grantRead(grantee: IGrantable): void {
    this.secret.grantRead(grantee);
    if (this.#keyArn === undefined) return;
    Grant.addToPrincipal({ grantee, actions: ["kms:Decrypt"], resourceArns: [this.#keyArn] });
  }

  #create({ description, username, host, port }: AccountSecretProps): ISecret {
    const secret = new Secret(this, "Secret", {
      description,
      generateSecretString: {
        secretStringTemplate: secretTemplate({ username, host, port }),
        generateStringKey: "password",
        passwordLength: 32,
        excludePunctuation: true,
      },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    acknowledge(
      secret,
      "SMG4",
      "Rotation needs a function inside the database's network, which the database's owner adds (docs/deploying.md); the secret is read at every connect.",
    );
    return secret as ISecret;
  }
}
