import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";

export interface PayloadBucketProps {
  readonly retentionDays: number;
  readonly logDays: number;
}

const PRIVATE = {
  encryption: BucketEncryption.S3_MANAGED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  removalPolicy: RemovalPolicy.RETAIN,
} as const;

/** Bodies of messages and failure records that are too large for SQS or DynamoDB. */
export class PayloadBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: PayloadBucketProps) {
    super(scope, id);
    const accessLog = new Bucket(this, "AccessLog", {
      ...PRIVATE,
      lifecycleRules: [{ id: "expire-access-log", expiration: Duration.days(props.logDays) }],
    });
    this.bucket = new Bucket(this, "Bucket", {
      ...PRIVATE,
      // Payloads are rows of every environment: who read them can be looked up.
      serverAccessLogsBucket: accessLog as IBucket,
      lifecycleRules: [
        {
          id: "expire-payloads",
          expiration: Duration.days(props.retentionDays),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
    });
  }
}
