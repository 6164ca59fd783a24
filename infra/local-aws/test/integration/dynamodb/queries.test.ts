import {
  QueryCommand,
  type AttributeValue,
  type QueryCommandInput,
} from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "vitest";
import { keyAt, useTestTable } from "../../support/test-table.ts";

// These tests cover the DynamoDB calls that the product makes. They check DynamoDB's rules only,
// not rules that exist only in the stand-in.

const current = useTestTable();

const positions = async (input: Partial<QueryCommandInput>): Promise<(string | undefined)[]> => {
  const { Items = [] } = await current.dynamodb.send(
    new QueryCommand({ TableName: current.table.name, ...input }),
  );
  return Items.map(({ position }) => position?.S);
};

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
  current.dynamodb.send(
    new QueryCommand({
      TableName: current.table.name,
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
    for (const position of ["b", "a", "d", "c", "#state"]) await current.table.put(position);
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
    for (const position of ["a", "b", "c"]) await current.table.put(position);
    const first = await page();
    expect(first.LastEvaluatedKey).toEqual(keyAt("b"));
    const second = await page(first.LastEvaluatedKey);
    expect(second.Items).toEqual([keyAt("c")]);
    expect(second.LastEvaluatedKey).toBeUndefined();
  });

  test("finds due items by the index, which contains only items that have the index's key", async () => {
    await current.table.put("late", { shard: { S: "x" }, due: { N: "300" } });
    await current.table.put("soon", { shard: { S: "x" }, due: { N: "9" } });
    await current.table.put("sooner", { shard: { S: "x" }, due: { N: "-1.5" } });
    await current.table.put("other", { shard: { S: "y" }, due: { N: "1" } });
    await current.table.put("never");
    expect(await due("9")).toEqual(["sooner", "soon"]);
    await current.table.update("soon", { UpdateExpression: "REMOVE due" });
    await current.table.update("late", {
      UpdateExpression: "SET due = :due",
      ExpressionAttributeValues: { ":due": { N: "5" } },
    });
    expect(await due("9")).toEqual(["sooner", "late"]);
  });

  test("returns only items that match its filter", async () => {
    await current.table.put("a", { status: { S: "dead" } });
    await current.table.put("b", { status: { S: "parked" } });
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
