import { RemovalPolicy } from "aws-cdk-lib";
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  Table,
  type TableProps,
} from "aws-cdk-lib/aws-dynamodb";
import { Construct } from "constructs";
import { DUE_INDEX } from "../../../wire/names.ts";
import { SESSIONS_EXPIRES, SESSIONS_KEY } from "../../../wire/session-items.ts";

/** The system's memory: how far it is, who was connected, what could not be delivered yet. */
export class Tables extends Construct {
  readonly offsets: Table;
  readonly sessions: Table;
  readonly failures: Table;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const durable = {
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    } satisfies Partial<TableProps>;
    this.offsets = new Table(this, "Offsets", {
      ...durable,
      partitionKey: { name: "id", type: AttributeType.STRING },
    });
    this.sessions = new Table(this, "Sessions", {
      ...durable,
      partitionKey: { name: SESSIONS_KEY, type: AttributeType.STRING },
      timeToLiveAttribute: SESSIONS_EXPIRES,
    });
    this.failures = new Table(this, "Failures", {
      ...durable,
      partitionKey: { name: "stream", type: AttributeType.STRING },
      sortKey: { name: "position", type: AttributeType.STRING },
      timeToLiveAttribute: "expires",
    });
    this.failures.addGlobalSecondaryIndex({
      indexName: DUE_INDEX,
      partitionKey: { name: "due", type: AttributeType.STRING },
      sortKey: { name: "nextAttempt", type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }
}
