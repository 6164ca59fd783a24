import { Duration, RemovalPolicy } from "aws-cdk-lib";
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  type LifecycleRule,
} from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import {
  FAILURE_PAYLOAD_PREFIX,
  FRAME_PAYLOAD_PREFIX,
  MESSAGE_PAYLOAD_PREFIX,
  XA_PAYLOAD_PREFIX,
} from "../../../wire/payloads.ts";

export interface PayloadBucketProps {
  /**
   * How long what messages of queues point to is kept: longer than a queue and its dead-letter
   * queue keep messages.
   */
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

/**
 * Days for which the body of a failure record is kept. A stream waits for its operator without a
 * time limit, and its alarm with it, so this must be far beyond the time in which somebody acts; it
 * ends at all because the bodies of resolved records lie here too.
 */
const FAILURE_DAYS = 365;

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
      // One rule for each prefix and none for all: what is not named here is kept.
      lifecycleRules: [
        expiry("frames", FRAME_PAYLOAD_PREFIX, props.retentionDays),
        expiry("messages", MESSAGE_PAYLOAD_PREFIX, props.retentionDays),
        expiry("failures", FAILURE_PAYLOAD_PREFIX, Math.max(FAILURE_DAYS, props.retentionDays)),
        // As long: nobody knows when somebody ends a transaction that was forgotten.
        expiry("xa", XA_PAYLOAD_PREFIX, Math.max(FAILURE_DAYS, props.retentionDays)),
        { id: "abort-uploads", abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
  }
}

function expiry(what: string, prefix: string, days: number): LifecycleRule {
  return { id: `expire-${what}`, prefix, expiration: Duration.days(days) };
}
