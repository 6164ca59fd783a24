import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  GetItemCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  QueryCommand,
  TagResourceCommand,
  TransactWriteItemsCommand,
  UpdateContinuousBackupsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
  type AttributeValue,
  type QueryCommandInput,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startLocalAwsWithClients, type LocalAwsWithClients } from "../../clients.ts";

// These tests cover the DynamoDB calls that the product makes. They check DynamoDB's rules only,
// not rules that exist only in the stand-in.

let local: LocalAwsWithClients;
let tables = 0;
let TableName: string;

beforeAll(async () => {
  local = await startLocalAwsWithClients();
  return () => local[Symbol.asyncDispose]();
});

beforeEach(async () => {
  TableName = `failures-${++tables}`;
  await local.dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [
        { AttributeName: "stream", AttributeType: "S" },
        { AttributeName: "position", AttributeType: "S" },
        { AttributeName: "shard", AttributeType: "S" },
        { AttributeName: "due", AttributeType: "N" },
      ],
      KeySchema: [
        { AttributeName: "stream", KeyType: "HASH" },
        { AttributeName: "position", KeyType: "RANGE" },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "due",
          KeySchema: [
            { AttributeName: "shard", KeyType: "HASH" },
            { AttributeName: "due", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "ALL" },
        },
      ],
    }),
  );
});

const key = (position: string) => ({ stream: { S: "s" }, position: { S: position } });

const put = (position: string, more: Record<string, AttributeValue> = {}) =>
  local.dynamodb.send(new PutItemCommand({ TableName, Item: { ...key(position), ...more } }));

const get = async (position: string) => {
  const { Item } = await local.dynamodb.send(
    new GetItemCommand({ TableName, Key: key(position), ConsistentRead: true }),
  );
  return Item;
};

const update = (position: string, input: Partial<UpdateItemCommandInput>) =>
  local.dynamodb.send(new UpdateItemCommand({ TableName, Key: key(position), ...input }));

const positions = async (input: Partial<QueryCommandInput>): Promise<(string | undefined)[]> => {
  const { Items = [] } = await local.dynamodb.send(new QueryCommand({ TableName, ...input }));
  return Items.map(({ position }) => position?.S);
};

describe("a table", () => {
  test("is usable immediately after its creation", async () => {
    const { Table } = await local.dynamodb.send(new DescribeTableCommand({ TableName }));
    expect(Table).toMatchObject({
      TableStatus: "ACTIVE",
      BillingModeSummary: { BillingMode: "PAY_PER_REQUEST" },
      GlobalSecondaryIndexes: [{ IndexName: "due", IndexStatus: "ACTIVE" }],
    });
  });

  test("returns its time-to-live settings", async () => {
    const describeTtl = async () => {
      const answer = await local.dynamodb.send(new DescribeTimeToLiveCommand({ TableName }));
      return answer.TimeToLiveDescription;
    };
    expect(await describeTtl()).toEqual({ TimeToLiveStatus: "DISABLED" });
    const TimeToLiveSpecification = { AttributeName: "expires", Enabled: true };
    await local.dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
    expect(await describeTtl()).toEqual({
      TimeToLiveStatus: "ENABLED",
      AttributeName: "expires",
    });
    const missing = { TableName: "missing", TimeToLiveSpecification };
    await expect(local.dynamodb.send(new UpdateTimeToLiveCommand(missing))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });

  test("returns its point-in-time recovery settings", async () => {
    await local.dynamodb.send(
      new UpdateContinuousBackupsCommand({
        TableName,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
    );
    const { ContinuousBackupsDescription } = await local.dynamodb.send(
      new DescribeContinuousBackupsCommand({ TableName }),
    );
    expect(ContinuousBackupsDescription).toMatchObject({
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: "ENABLED" },
    });
  });

  test("has tags", async () => {
    const { Table } = await local.dynamodb.send(new DescribeTableCommand({ TableName }));
    const ResourceArn = Table?.TableArn;
    const Tags = [{ Key: "part", Value: "retry" }];
    await local.dynamodb.send(new TagResourceCommand({ ResourceArn, Tags }));
    const listed = await local.dynamodb.send(new ListTagsOfResourceCommand({ ResourceArn }));
    expect(listed.Tags).toEqual(Tags);
  });

  test("can be deleted and created again, empty and without its settings", async () => {
    await put("1");
    await local.dynamodb.send(new DeleteTableCommand({ TableName }));
    await expect(get("1")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });
});

const advance = (from: string, to: string) =>
  update("1", {
    UpdateExpression: "SET tail = :to",
    ConditionExpression: "attribute_exists(#key) AND tail = :from",
    ExpressionAttributeNames: { "#key": "position" },
    ExpressionAttributeValues: { ":from": { N: from }, ":to": { N: to } },
  });

describe("a conditional write", () => {
  test("happens only when its condition holds", async () => {
    await put("1", { tail: { N: "5" } });
    await advance("5", "6");
    await expect(advance("5", "7")).rejects.toMatchObject({
      name: "ConditionalCheckFailedException",
    });
    expect(await get("1")).toMatchObject({ tail: { N: "6" } });
  });

  test("succeeds for exactly one of many writers", async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, owner) =>
        local.dynamodb.send(
          new PutItemCommand({
            TableName,
            Item: { ...key("lease"), owner: { N: String(owner) } },
            ConditionExpression: "attribute_not_exists(#stream)",
            ExpressionAttributeNames: { "#stream": "stream" },
          }),
        ),
      ),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("returns on request the item that failed the condition", async () => {
    await put("1", { owner: { S: "other" } });
    const condition = {
      ConditionExpression: "attribute_not_exists(#stream)",
      ExpressionAttributeNames: { "#stream": "stream" },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    } as const;
    const failure = {
      name: "ConditionalCheckFailedException",
      Item: { ...key("1"), owner: { S: "other" } },
    };
    await expect(
      local.dynamodb.send(new PutItemCommand({ TableName, Item: key("1"), ...condition })),
    ).rejects.toMatchObject(failure);
    await expect(
      local.dynamodb.send(new DeleteItemCommand({ TableName, Key: key("1"), ...condition })),
    ).rejects.toMatchObject(failure);
    await expect(
      update("1", {
        ...condition,
        UpdateExpression: "REMOVE #owner",
        ExpressionAttributeNames: { "#stream": "stream", "#owner": "owner" },
      }),
    ).rejects.toMatchObject(failure);
  });
});

describe("an update", () => {
  test("adds to sets and numbers, takes from sets, and creates what is missing", async () => {
    const answer = await update("1", {
      UpdateExpression: "ADD threads :some, attempts :one SET #when = if_not_exists(#when, :now)",
      ExpressionAttributeNames: { "#when": "when" },
      ExpressionAttributeValues: {
        ":some": { SS: ["a", "b"] },
        ":one": { N: "1" },
        ":now": { N: "17" },
      },
      ReturnValues: "ALL_NEW",
    });
    expect(answer.Attributes).toMatchObject({ attempts: { N: "1" }, when: { N: "17" } });
    await update("1", {
      UpdateExpression: "ADD threads :some DELETE absent :none",
      ExpressionAttributeValues: { ":some": { SS: ["b", "c"] }, ":none": { SS: ["x"] } },
    });
    expect((await get("1"))?.["threads"]?.SS?.toSorted()).toEqual(["a", "b", "c"]);
    await update("1", {
      UpdateExpression: "DELETE threads :all",
      ExpressionAttributeValues: { ":all": { SS: ["a", "b", "c"] } },
    });
    // DynamoDB has no empty sets: the attribute is removed with its last element.
    expect(await get("1")).not.toHaveProperty("threads");
  });

  test("sets many attributes by name", async () => {
    const names = Array.from({ length: 100 }, (_, index) => `t${index}`);
    await update("1", {
      UpdateExpression: `SET ${names.map((_, index) => `#a${index} = :v${index}`).join(", ")}`,
      ExpressionAttributeNames: Object.fromEntries(
        names.map((name, index) => [`#a${index}`, name]),
      ),
      ExpressionAttributeValues: Object.fromEntries(
        names.map((name, index) => [`:v${index}`, { S: name }]),
      ),
    });
    expect(Object.keys((await get("1")) ?? {})).toHaveLength(102);
  });
});

/** A query's key condition: the stream `s`, and optionally a condition on the position. */
const condition = (more: string, values: Record<string, AttributeValue> = {}) => ({
  KeyConditionExpression: `#stream = :stream${more}`,
  ExpressionAttributeNames: {
    "#stream": "stream",
    ...(more === "" ? {} : { "#position": "position" }),
  },
  ExpressionAttributeValues: { ":stream": { S: "s" }, ...values },
});

const page = (ExclusiveStartKey?: Record<string, AttributeValue>) =>
  local.dynamodb.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: "#stream = :stream",
      ExpressionAttributeNames: { "#stream": "stream" },
      ExpressionAttributeValues: { ":stream": { S: "s" } },
      Limit: 2,
      ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
    }),
  );

const due = (until: string) =>
  positions({
    IndexName: "due",
    KeyConditionExpression: "#shard = :shard AND due <= :until",
    // "shard" is one of DynamoDB's reserved words.
    ExpressionAttributeNames: { "#shard": "shard" },
    ExpressionAttributeValues: { ":shard": { S: "x" }, ":until": { N: until } },
  });

describe("a query", () => {
  test("finds a stream's items in the order of their positions, by range and by prefix", async () => {
    for (const position of ["b", "a", "d", "c", "#state"]) await put(position);
    expect(await positions(condition(""))).toEqual(["#state", "a", "b", "c", "d"]);
    const between = condition(" AND #position BETWEEN :from AND :to", {
      ":from": { S: "b" },
      ":to": { S: "c" },
    });
    expect(await positions(between)).toEqual(["b", "c"]);
    const prefix = condition(" AND begins_with(#position, :prefix)", { ":prefix": { S: "#" } });
    expect(await positions(prefix)).toEqual(["#state"]);
    const greater = condition(" AND #position > :after", { ":after": { S: "b" } });
    expect(await positions({ ...greater, ConsistentRead: true, Limit: 1 })).toEqual(["c"]);
    expect(await positions({ ...condition(""), ScanIndexForward: false, Limit: 2 })).toEqual([
      "d",
      "c",
    ]);
  });

  test("continues after the last key", async () => {
    for (const position of ["a", "b", "c"]) await put(position);
    const first = await page();
    expect(first.LastEvaluatedKey).toEqual(key("b"));
    const second = await page(first.LastEvaluatedKey);
    expect(second.Items).toEqual([key("c")]);
    expect(second.LastEvaluatedKey).toBeUndefined();
  });

  test("finds due items by the index, which contains only items that have the index's key", async () => {
    await put("late", { shard: { S: "x" }, due: { N: "300" } });
    await put("soon", { shard: { S: "x" }, due: { N: "9" } });
    await put("sooner", { shard: { S: "x" }, due: { N: "-1.5" } });
    await put("other", { shard: { S: "y" }, due: { N: "1" } });
    await put("never");
    expect(await due("9")).toEqual(["sooner", "soon"]);
    await update("soon", { UpdateExpression: "REMOVE due" });
    await update("late", {
      UpdateExpression: "SET due = :due",
      ExpressionAttributeValues: { ":due": { N: "5" } },
    });
    expect(await due("9")).toEqual(["sooner", "late"]);
  });

  test("returns only items that match its filter", async () => {
    await put("a", { status: { S: "dead" } });
    await put("b", { status: { S: "parked" } });
    expect(
      await positions({
        KeyConditionExpression: "#stream = :stream",
        FilterExpression: "#status = :status",
        ExpressionAttributeNames: { "#stream": "stream", "#status": "status" },
        ExpressionAttributeValues: { ":stream": { S: "s" }, ":status": { S: "dead" } },
      }),
    ).toEqual(["a"]);
  });
});

const requests = (count: number) => ({
  RequestItems: {
    [TableName]: Array.from({ length: count }, (_, index) => ({
      PutRequest: { Item: key(String(index)) },
    })),
  },
});

describe("the stand-in", () => {
  test("refuses an item over 400 KB", async () => {
    await put("1", { body: { S: "x".repeat(400 * 1024 - 100) } });
    await expect(put("2", { body: { S: "x".repeat(400 * 1024) } })).rejects.toMatchObject({
      name: "ValidationException",
    });
  });

  test("refuses a batch of more than 25 writes", async () => {
    await local.dynamodb.send(new BatchWriteItemCommand(requests(25)));
    await expect(
      local.dynamodb.send(new BatchWriteItemCommand(requests(26))),
    ).rejects.toMatchObject({ name: "ValidationException" });
  });
});

test("refuses transactions, which it does not support", async () => {
  const TransactItems = [{ Put: { TableName, Item: key("1") } }];
  await expect(
    local.dynamodb.send(new TransactWriteItemsCommand({ TransactItems })),
  ).rejects.toMatchObject({ name: "UnknownOperationException" });
});
