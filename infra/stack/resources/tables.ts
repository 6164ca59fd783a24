import { RemovalPolicy } from "aws-cdk-lib";
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  Table,
  type ITable,
  type TableProps,
} from "aws-cdk-lib/aws-dynamodb";
import { Construct } from "constructs";
import type { Configuration } from "../../../config/configuration.ts";
import { DUE_INDEX, OFFSETS_EXPIRES } from "../../../wire/names.ts";
import { SESSIONS_EXPIRES, SESSIONS_KEY } from "../../../wire/session-items.ts";

/** The system's state: how far it has read, who was connected, what could not be delivered yet. */
export class Tables extends Construct {
  readonly offsets: ITable;
  readonly sessions: ITable;
  readonly failures: ITable;
  /**
   * The tables of the stack that contain values of rows, even when the parts use restored ones: the
   * failures, and the offsets with the key of the last row that a snapshot has read.
   */
  readonly ownWithRows: readonly Table[];

  /** `restored`: names of tables that the parts use instead of the stack's own, which are kept. */
  constructor(scope: Construct, id: string, restored: Configuration["restoredTables"]) {
    super(scope, id);
    const own = this.#create();
    const named = (kind: keyof typeof own): ITable =>
      restored === undefined
        ? (own[kind] as ITable)
        : Table.fromTableName(this, `Restored-${kind}`, restored[kind]);
    this.ownWithRows = [own.failures, own.offsets];
    this.offsets = named("offsets");
    this.sessions = named("sessions");
    this.failures = named("failures");
  }

  #create() {
    const durable = {
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    } satisfies Partial<TableProps>;
    const offsets = new Table(this, "Offsets", {
      ...durable,
      partitionKey: { name: "id", type: AttributeType.STRING },
      timeToLiveAttribute: OFFSETS_EXPIRES,
    });
    const sessions = new Table(this, "Sessions", {
      ...durable,
      partitionKey: { name: SESSIONS_KEY, type: AttributeType.STRING },
      timeToLiveAttribute: SESSIONS_EXPIRES,
    });
    const failures = new Table(this, "Failures", {
      ...durable,
      partitionKey: { name: "stream", type: AttributeType.STRING },
      sortKey: { name: "position", type: AttributeType.STRING },
      timeToLiveAttribute: "expires",
    });
    failures.addGlobalSecondaryIndex({
      indexName: DUE_INDEX,
      partitionKey: { name: "due", type: AttributeType.STRING },
      sortKey: { name: "nextAttempt", type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    return { offsets, sessions, failures };
  }
}
