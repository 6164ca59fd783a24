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
   * How long payloads of messages are kept. It must exceed the time that a queue and its
   * dead-letter queue together keep a message.
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
 * How many days the body of a failure record is kept. A stream waits for its operator without a
 * time limit, with its alarm ringing, so this must be far longer than a person needs to act. There
 * is a limit because the bodies of resolved records are kept here too.
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
      // Payloads contain rows of every environment. The log shows who has read them.
      serverAccessLogsBucket: accessLog as IBucket,
      // One rule for each prefix and none for all: objects with another prefix are kept.
      lifecycleRules: [
        expiry("frames", FRAME_PAYLOAD_PREFIX, props.retentionDays),
        expiry("messages", MESSAGE_PAYLOAD_PREFIX, props.retentionDays),
        expiry("failures", FAILURE_PAYLOAD_PREFIX, Math.max(FAILURE_DAYS, props.retentionDays)),
        // As long as failures: a forgotten transaction may be ended at any time.
        expiry("xa", XA_PAYLOAD_PREFIX, Math.max(FAILURE_DAYS, props.retentionDays)),
        { id: "abort-uploads", abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    for (const one of [accessLog, this.bucket]) keepPolicy(one);
  }
}

/** A bucket that stays is closed to others as before: rows lie in it for a year. */
function keepPolicy({ policy, node }: Bucket): void {
  if (policy === undefined) throw new TypeError(`${node.path} has no policy`);
  policy.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
}

function expiry(what: string, prefix: string, days: number): LifecycleRule {
  return { id: `expire-${what}`, prefix, expiration: Duration.days(days) };
}
