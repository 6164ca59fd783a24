import { Stack } from "aws-cdk-lib";
import { CfnTable } from "aws-cdk-lib/aws-dynamodb";
import { Grant, PolicyStatement, ServicePrincipal, type IGrantable } from "aws-cdk-lib/aws-iam";
import { Key, type IKey } from "aws-cdk-lib/aws-kms";
import { CfnLogGroup } from "aws-cdk-lib/aws-logs";
import { CfnBucket } from "aws-cdk-lib/aws-s3";
import { CfnSecret } from "aws-cdk-lib/aws-secretsmanager";
import { CfnTopic } from "aws-cdk-lib/aws-sns";
import { CfnQueue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

/** What SQS, S3 and Secrets Manager ask of whoever reads. */
const READ_ACTIONS = ["kms:Decrypt"];

/** What they and DynamoDB ask of whoever writes, too. */
const USE_ACTIONS = [
  "kms:Decrypt",
  "kms:DescribeKey",
  "kms:Encrypt",
  "kms:GenerateDataKey",
  "kms:ReEncryptFrom",
  "kms:ReEncryptTo",
];

/**
 * The KMS key of everything that a router stores. It is somebody else's: its policy has to let this
 * account's IAM decide, and admit CloudWatch's alarms and logs (docs/deploying.md). A key that is
 * made in the same app gets these statements here.
 */
export class EncryptionKey extends Construct {
  readonly #key: IKey;

  constructor(scope: Construct, id: string, key: IKey | string) {
    super(scope, id);
    this.#key = typeof key === "string" ? Key.fromKeyArn(this, "Key", key) : key;
  }

  /** Lets a part use what it reads and writes. */
  grantUse(grantee: IGrantable): Grant {
    return this.#grant(grantee, USE_ACTIONS);
  }

  /** Lets an application read. */
  grantRead(grantee: IGrantable): Grant {
    return this.#grant(grantee, READ_ACTIONS);
  }

  /** What `grantRead` grants, for a policy. */
  readStatement(): PolicyStatement {
    return new PolicyStatement({ actions: READ_ACTIONS, resources: [this.#key.keyArn] });
  }

  /** What `grantUse` grants, for a policy. */
  useStatement(): PolicyStatement {
    return new PolicyStatement({ actions: USE_ACTIONS, resources: [this.#key.keyArn] });
  }

  /**
   * Puts every store inside a construct under the key. Each is changed in place, and keeps what it
   * has.
   */
  encrypt(construct: Construct): void {
    const { keyArn } = this.#key;
    for (const resource of construct.node.findAll()) {
      if (resource instanceof CfnQueue) {
        resource.kmsMasterKeyId = keyArn;
        resource.addPropertyDeletionOverride("SqsManagedSseEnabled");
      } else if (resource instanceof CfnTable) {
        resource.sseSpecification = { sseEnabled: true, sseType: "KMS", kmsMasterKeyId: keyArn };
      } else if (resource instanceof CfnBucket) {
        encryptBucket(resource, keyArn);
      } else if (resource instanceof CfnTopic) {
        resource.kmsMasterKeyId = keyArn;
      } else if (resource instanceof CfnLogGroup || resource instanceof CfnSecret) {
        resource.kmsKeyId = keyArn;
      }
    }
    this.#admitServices();
  }

  #grant(grantee: IGrantable, actions: string[]): Grant {
    return Grant.addToPrincipal({ grantee, actions, resourceArns: [this.#key.keyArn] });
  }

  /** Does nothing where the key is known by its ARN only. */
  #admitServices(): void {
    const { account, region } = Stack.of(this);
    this.#key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
        actions: ["kms:Decrypt", "kms:GenerateDataKey"],
        resources: ["*"],
        conditions: { StringEquals: { "aws:SourceAccount": account } },
      }),
    );
    this.#key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
        actions: [...USE_ACTIONS],
        resources: ["*"],
        conditions: {
          ArnLike: {
            "kms:EncryptionContext:aws:logs:arn": `arn:${Stack.of(this).partition}:logs:${region}:${account}:log-group:*`,
          },
        },
      }),
    );
  }
}

/**
 * S3 delivers access logs only to buckets under a key of its own; they hold names of objects, and
 * no rows.
 */
function encryptBucket(bucket: CfnBucket, keyArn: string): void {
  if (bucket.loggingConfiguration === undefined) return;
  bucket.bucketEncryption = {
    serverSideEncryptionConfiguration: [
      {
        bucketKeyEnabled: true,
        serverSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: keyArn },
      },
    ],
  };
}
