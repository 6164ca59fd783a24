import {
  BatchWriteItemCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ListTagsOfResourceCommand,
  TagResourceCommand,
  TransactWriteItemsCommand,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "vitest";
import { keyAt, useTestTable } from "../../support/test-table.ts";

// These tests cover the DynamoDB calls that the product makes. They check DynamoDB's rules only,
// not rules that exist only in the stand-in.

const current = useTestTable();

describe("a table", () => {
  test("is usable immediately after its creation", async () => {
    const { Table } = await current.dynamodb.send(
      new DescribeTableCommand({ TableName: current.table.name }),
    );
    expect(Table).toMatchObject({
      TableStatus: "ACTIVE",
      BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
      GlobalSecondaryIndexes: [{ IndexName: "due", IndexStatus: "ACTIVE" }],
    });
  });

  test("returns its time-to-live settings", async () => {
    const describeTtl = async () => {
      const answer = await current.dynamodb.send(
        new DescribeTimeToLiveCommand({ TableName: current.table.name }),
      );
      return answer.TimeToLiveDescription;
    };
    expect(await describeTtl()).toEqual({ TimeToLiveStatus: "DISABLED" });
    const TimeToLiveSpecification = { AttributeName: "expires", Enabled: true };
    await current.dynamodb.send(
      new UpdateTimeToLiveCommand({ TableName: current.table.name, TimeToLiveSpecification }),
    );
    expect(await describeTtl()).toEqual({
      TimeToLiveStatus: "ENABLED",
      AttributeName: "expires",
    });
    const missing = { TableName: "missing", TimeToLiveSpecification };
    await expect(current.dynamodb.send(new UpdateTimeToLiveCommand(missing))).rejects.toMatchObject(
      {
        name: "ResourceNotFoundException",
      },
    );
  });

  test("returns its point-in-time recovery settings", async () => {
    await current.dynamodb.send(
      new UpdateContinuousBackupsCommand({
        TableName: current.table.name,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
    );
    const { ContinuousBackupsDescription } = await current.dynamodb.send(
      new DescribeContinuousBackupsCommand({ TableName: current.table.name }),
    );
    expect(ContinuousBackupsDescription).toMatchObject({
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: "ENABLED" },
    });
  });

  test("has tags", async () => {
    const { Table } = await current.dynamodb.send(
      new DescribeTableCommand({ TableName: current.table.name }),
    );
    const ResourceArn = Table?.TableArn;
    const Tags = [{ Key: "part", Value: "retry" }];
    await current.dynamodb.send(new TagResourceCommand({ ResourceArn, Tags }));
    const listed = await current.dynamodb.send(new ListTagsOfResourceCommand({ ResourceArn }));
    expect(listed.Tags).toEqual(Tags);
  });

  test("can be deleted and created again, empty and without its settings", async () => {
    await current.table.put("1");
    await current.dynamodb.send(new DeleteTableCommand({ TableName: current.table.name }));
    await expect(current.table.get("1")).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });
});

const requests = (count: number) => ({
  RequestItems: {
    [current.table.name]: Array.from({ length: count }, (_, index) => ({
      PutRequest: { Item: keyAt(String(index)) },
    })),
  },
});

describe("the stand-in", () => {
  test("refuses an item over 400 KB", async () => {
    await current.table.put("1", { body: { S: "x".repeat(400 * 1024 - 100) } });
    await expect(
      current.table.put("2", { body: { S: "x".repeat(400 * 1024) } }),
    ).rejects.toMatchObject({
      name: "ValidationException",
    });
  });

  test("refuses a batch of more than 25 writes", async () => {
    await current.dynamodb.send(new BatchWriteItemCommand(requests(25)));
    await expect(
      current.dynamodb.send(new BatchWriteItemCommand(requests(26))),
    ).rejects.toMatchObject({ name: "ValidationException" });
  });
});

test("refuses transactions, which it does not support", async () => {
  const TransactItems = [{ Put: { TableName: current.table.name, Item: keyAt("1") } }];
  await expect(
    current.dynamodb.send(new TransactWriteItemsCommand({ TransactItems })),
  ).rejects.toMatchObject({ name: "UnknownOperationException" });
});
