import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { LocalAws } from "@binlog-router/local-aws";

/** Creates the table `positions` as DynamoDBPositionStore requires it. */
export async function createPositionsTable(aws: LocalAws): Promise<void> {
  const { region, credentials, endpoints } = aws;
  const dynamodb = new DynamoDBClient({ region, credentials, endpoint: endpoints.dynamodb });
  await dynamodb.send(
    new CreateTableCommand({
      TableName: "positions",
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    }),
  );
  dynamodb.destroy();
}
