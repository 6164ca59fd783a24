import { ConditionalCheckFailedException, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clientSettings } from "../../../../functions/aws/clients.ts";
import { ItemRequests } from "../../../../functions/aws/item-requests.ts";
import { map, number, text, texts } from "../../../../wire/attributes.ts";
import {
  constantHeaders,
  inputIn,
  isSignedWith,
  type ReceivedRequest,
  SECRET,
  useSqsRequests,
} from "../../../support/sqs-requests.ts";

const server = await useSqsRequests();
const { received, treatments } = server;
const READ = { TableName: "offsets", Key: { id: text("lane#0") }, ConsistentRead: true };
const WRITE = {
  TableName: "offsets",
  Key: { id: text("lane#0") },
  UpdateExpression: "SET version = :next, delivered = :delivered, otherLives = :others",
  ConditionExpression: "version = :version",
  ExpressionAttributeValues: {
    ":next": number(8),
    ":version": number(7),
    ":delivered": text('é 😀 "quoted" \\'),
    ":others": map([["life", texts(["a", "b"])]]),
  },
};

let client: DynamoDBClient;
let requests: ItemRequests;

beforeEach(() => {
  client = new DynamoDBClient({
    ...clientSettings("route", 300).dynamodb,
    ...server.settings,
  });
  requests = new ItemRequests(client);
});

afterEach(() => {
  client.destroy();
});

describe("requests to a table", () => {
  test("are the SDK's at first; those after it say the same, with the same headers", async () => {
    for (let time = 0; time < 2; time++) {
      await requests.get(READ);
      await requests.update(WRITE);
    }
    expect(server.makers).toEqual([true, true, false, false]);
    expect(received.map(inputIn)).toEqual([READ, WRITE, READ, WRITE]);
    for (const [index, copy] of received.slice(2).entries()) {
      const bySdk = received[index] as ReceivedRequest;
      expect(constantHeaders(copy)).toEqual(constantHeaders(bySdk));
      expect(copy.headers["content-length"]).toBe(String(copy.body.length));
      expect(isSignedWith(copy, SECRET)).toBe(true);
    }
  });

  test("find the same item whoever makes them, and none where there is none", async () => {
    const item = { version: number(7), troubled: texts(["a"]), lives: map([["l", text("é")]]) };
    for (let time = 0; time < 2; time++) {
      treatments.push({ answer: JSON.stringify({ Item: item }) }, { answer: "{}" });
      expect(await requests.get(READ)).toEqual(item);
      expect(await requests.get(READ)).toEqual({});
    }
    expect(server.makers).toEqual([true, false, false, false]);
  });
});

const refusal = (code: string) => ({
  status: 400,
  answer: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${code}`, message: "no" }),
});
const FAILED = refusal("ConditionalCheckFailedException");
const MISSING = refusal("ResourceNotFoundException");

describe("a copy without success", () => {
  test("is repeated by the SDK, whose error it then is", async () => {
    await requests.update(WRITE);
    treatments.push(FAILED, FAILED);
    await expect(requests.update(WRITE)).rejects.toBeInstanceOf(ConditionalCheckFailedException);
    await requests.get(READ);
    treatments.push(MISSING, MISSING);
    await expect(requests.get(READ)).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    expect(server.makers).toEqual([true, false, true, true, false, true]);
  });

  test("leaves its kind of request to the SDK, and no other kind", async () => {
    await requests.get(READ);
    await requests.update(WRITE);
    treatments.push(FAILED, FAILED);
    await expect(requests.update(WRITE)).rejects.toBeInstanceOf(ConditionalCheckFailedException);
    received.length = 0;
    await requests.update(WRITE);
    await requests.get(READ);
    expect(server.makers).toEqual([true, false]);
  });

  test("is repeated after a cut connection, half an answer, another one and none", async () => {
    for (const treatment of ["cut", "half", { answer: "<html>" }, "hold"] as const) {
      requests = new ItemRequests(client);
      await requests.update(WRITE);
      received.length = 0;
      treatments.push(treatment);
      await requests.update(WRITE);
      expect(server.makers).toEqual(treatment === "cut" ? [true] : [false, true]);
      expect(inputIn(received.at(-1) as ReceivedRequest)).toEqual(WRITE);
    }
  });

  test("is repeated with the SDK's attempts while the table is throttled", async () => {
    await requests.get(READ);
    const throttled = refusal("ProvisionedThroughputExceededException");
    treatments.push(throttled, throttled, throttled);
    await requests.get(READ);
    expect(server.makers).toEqual([true, false, true, true, true]);
  });
});
