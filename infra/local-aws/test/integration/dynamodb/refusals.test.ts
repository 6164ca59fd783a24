import { afterAll, beforeAll, expect, test } from "vitest";
import { startLocalAws, type LocalAws } from "../../../index.ts";

let aws: LocalAws;

beforeAll(async () => {
  aws = await startLocalAws();
});

afterAll(() => aws[Symbol.asyncDispose]());

const SIGNED = { authorization: "AWS4-HMAC-SHA256 Credential=any" };

/** The status of an answer, and its error's name. */
async function refusal(
  action: string,
  body: string,
  signature: object = SIGNED,
): Promise<readonly [number, unknown]> {
  const response = await fetch(aws.endpoints.dynamodb, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `DynamoDB_20120810.${action}`,
      ...signature,
    },
    body,
  });
  const { __type: type } = (await response.json()) as { readonly __type?: unknown };
  return [response.status, type];
}

test("a request that is no JSON, an unknown action and an unknown table are refused", async () => {
  const key = JSON.stringify({ TableName: "missing", Key: { id: { S: "1" } } });
  expect(await refusal("GetItem", "{")).toEqual([
    400,
    "com.amazon.coral.service#SerializationException",
  ]);
  expect(await refusal("ExportTableToPointInTime", "{}")).toEqual([
    400,
    "com.amazon.coral.service#UnknownOperationException",
  ]);
  expect(await refusal("GetItem", key)).toEqual([
    400,
    "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
  ]);
  expect(await refusal("GetItem", JSON.stringify({ TableName: "missing", Key: 1 }))).toEqual([
    400,
    "com.amazon.coral.service#SerializationException",
  ]);
});
