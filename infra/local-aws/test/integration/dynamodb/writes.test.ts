import { DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "vitest";
import { keyAt, useTestTable } from "../../support/test-table.ts";

// These tests cover the DynamoDB calls that the product makes. They check DynamoDB's rules only,
// not rules that exist only in the stand-in.

const current = useTestTable();

const advance = (from: string, to: string) =>
  current.table.update("1", {
    UpdateExpression: "SET tail = :to",
    ConditionExpression: "attribute_exists(#key) AND tail = :from",
    ExpressionAttributeNames: { "#key": "position" },
    ExpressionAttributeValues: { ":from": { N: from }, ":to": { N: to } },
  });

describe("a conditional write", () => {
  test("happens only when its condition holds", async () => {
    await current.table.put("1", { tail: { N: "5" } });
    await advance("5", "6");
    await expect(advance("5", "7")).rejects.toMatchObject({
      name: "ConditionalCheckFailedException",
    });
    expect(await current.table.get("1")).toMatchObject({ tail: { N: "6" } });
  });

  test("succeeds for exactly one of many writers", async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, owner) =>
        current.dynamodb.send(
          new PutItemCommand({
            TableName: current.table.name,
            Item: { ...keyAt("lease"), owner: { N: String(owner) } },
            ConditionExpression: "attribute_not_exists(#stream)",
            ExpressionAttributeNames: { "#stream": "stream" },
          }),
        ),
      ),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("returns on request the item that failed the condition", async () => {
    await current.table.put("1", { owner: { S: "other" } });
    const condition = {
      ConditionExpression: "attribute_not_exists(#stream)",
      ExpressionAttributeNames: { "#stream": "stream" },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    } as const;
    const failure = {
      name: "ConditionalCheckFailedException",
      Item: { ...keyAt("1"), owner: { S: "other" } },
    };
    await expect(
      current.dynamodb.send(
        new PutItemCommand({ TableName: current.table.name, Item: keyAt("1"), ...condition }),
      ),
    ).rejects.toMatchObject(failure);
    await expect(
      current.dynamodb.send(
        new DeleteItemCommand({ TableName: current.table.name, Key: keyAt("1"), ...condition }),
      ),
    ).rejects.toMatchObject(failure);
    await expect(
      current.table.update("1", {
        ...condition,
        UpdateExpression: "REMOVE #owner",
        ExpressionAttributeNames: { "#stream": "stream", "#owner": "owner" },
      }),
    ).rejects.toMatchObject(failure);
  });
});

describe("an update", () => {
  test("adds to sets and numbers, takes from sets, and creates what is missing", async () => {
    const answer = await current.table.update("1", {
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
    await current.table.update("1", {
      UpdateExpression: "ADD threads :some DELETE absent :none",
      ExpressionAttributeValues: { ":some": { SS: ["b", "c"] }, ":none": { SS: ["x"] } },
    });
    expect((await current.table.get("1"))?.["threads"]?.SS?.toSorted()).toEqual(["a", "b", "c"]);
    await current.table.update("1", {
      UpdateExpression: "DELETE threads :all",
      ExpressionAttributeValues: { ":all": { SS: ["a", "b", "c"] } },
    });
    // DynamoDB has no empty sets: the attribute is removed with its last element.
    expect(await current.table.get("1")).not.toHaveProperty("threads");
  });

  test("sets many attributes by name", async () => {
    const names = Array.from({ length: 100 }, (_, index) => `t${index}`);
    await current.table.update("1", {
      UpdateExpression: `SET ${names.map((_, index) => `#a${index} = :v${index}`).join(", ")}`,
      ExpressionAttributeNames: Object.fromEntries(
        names.map((name, index) => [`#a${index}`, name]),
      ),
      ExpressionAttributeValues: Object.fromEntries(
        names.map((name, index) => [`:v${index}`, { S: name }]),
      ),
    });
    expect(Object.keys((await current.table.get("1")) ?? {})).toHaveLength(102);
  });
});
