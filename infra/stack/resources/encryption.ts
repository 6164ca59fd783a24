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

/** The actions that SQS, S3 and Secrets Manager require of a reader. */
const READ_ACTIONS = ["kms:Decrypt"];

/** The actions that these and DynamoDB require of a writer. */
const USE_ACTIONS = [
  "kms:Decrypt",
  "kms:DescribeKey",
  "kms:Encrypt",
  "kms:GenerateDataKey",
  "kms:ReEncryptFrom",
  "kms:ReEncryptTo",
];

/**
 * The KMS key of everything that a router stores. A given key's policy must let this account's IAM
 * decide and admit CloudWatch's alarms and logs (docs/deploying.md). A key that is created in the
 * same app gets the statements for CloudWatch here.
 */
export class EncryptionKey extends Construct {
  readonly #key: IKey;

  constructor(scope: Construct, id: string, key: IKey | string) {
    super(scope, id);
    this.#key = typeof key === "string" ? Key.fromKeyArn(this, "Key", key) : key;
  }

  /** Lets a part encrypt and decrypt. */
  grantUse(grantee: IGrantable): Grant {
    return this.#grant(grantee, USE_ACTIONS);
  }

  /** Lets an application decrypt. */
  grantRead(grantee: IGrantable): Grant {
    return this.#grant(grantee, READ_ACTIONS);
  }

  /** The statement that `grantRead` grants. */
  readStatement(): PolicyStatement {
    return new PolicyStatement({ actions: READ_ACTIONS, resources: [this.#key.keyArn] });
  }

  /** The statement that `grantUse` grants. */
  useStatement(): PolicyStatement {
    return new PolicyStatement({ actions: USE_ACTIONS, resources: [this.#key.keyArn] });
  }

  /**
   * Encrypts every store inside a construct with the key. The resources are changed in place and
   * keep their contents.
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

  /** Admits CloudWatch's alarms and logs; has no effect on a key that is known by its ARN only. */
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
 * Encrypts a bucket with the key, except the one for access logs: S3 delivers logs only to buckets
 * with its own encryption. The logs contain names of objects, but no rows.
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
