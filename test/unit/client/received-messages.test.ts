import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough, Readable } from "node:stream";
import {
  ReceiveMessageCommand,
  SQSClient,
  type Message,
  type ReceiveMessageCommandOutput,
} from "@aws-sdk/client-sqs";
import { HttpResponse } from "@smithy/core/protocols";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readingMessages } from "../../../client/received-messages.ts";

type Reply = (response: ServerResponse) => void;

/** The answers to the next requests, in order. */
const replies: Reply[] = [];
const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => replies.shift()?.(response));
});
const settings = {
  region: "eu-west-1",
  credentials: { accessKeyId: "id", secretAccessKey: "secret" },
};
let client: SQSClient;
let QueueUrl = "";

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  QueueUrl = `${endpoint}/000000000000/queue.fifo`;
  client = new SQSClient({ ...settings, endpoint });
});
afterAll(() => {
  client.destroy();
  server.close();
});

function messageOf(body: string, index: number): object {
  return {
    MessageId: `id-${index}`,
    ReceiptHandle: `handle-${index}`,
    MD5OfBody: createHash("md5").update(body).digest("hex"),
    Body: body,
    Attributes: { MessageGroupId: "group", ApproximateReceiveCount: "1" },
  };
}

function answer(value: unknown, status = 200): Reply {
  return (response) => {
    response
      .writeHead(status, { "content-type": "application/x-amz-json-1.0" })
      .end(typeof value === "string" ? value : JSON.stringify(value));
  };
}

/** Announces the whole text, sends half of it and cuts the connection. */
function cutAnswer(text: string): Reply {
  return (response) => {
    response.writeHead(200, { "content-length": Buffer.byteLength(text) });
    response.write(text.slice(0, text.length / 2), () => response.destroy());
  };
}

const ONE_MESSAGE = JSON.stringify({ Messages: [messageOf("é", 0)] });

async function receive(): Promise<Message[] | undefined> {
  const answered = await client.send(readingMessages(new ReceiveMessageCommand({ QueueUrl })));
  return answered.Messages;
}

describe("receiving without the SDK's copies", () => {
  test("returns what the SDK returns, whatever the bodies contain and however long they are", async () => {
    const character = fc.constantFrom("a", '"', "\\", "/", "\n", "é", "\u2028", "😀", "\\u0041");
    const body = fc
      .tuple(fc.string({ unit: character }), fc.integer({ min: 1, max: 5000 }))
      .map(([text, times]) => text.repeat(times));
    await fc.assert(
      fc.asyncProperty(fc.array(body, { minLength: 1, maxLength: 5 }), async (bodies) => {
        const sent = answer({ Messages: bodies.map(messageOf) });
        replies.push(sent, sent);
        const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl }));
        expect(await receive()).toEqual(Messages);
      }),
      { numRuns: 20 },
    );
  });

  test("keeps the messages of answers that arrive at the same time apart", async () => {
    const bodies = Array.from({ length: 8 }, (_, n) => String(n).repeat(200_000));
    for (const body of bodies) replies.push(answer({ Messages: [messageOf(body, 0)] }));
    const received = await Promise.all(bodies.map(receive));
    const texts = received.flatMap((messages = []) => messages.map(({ Body }) => Body));
    expect(new Set(texts)).toEqual(new Set(bodies));
    expect(texts).toHaveLength(bodies.length);
  });

  test("returns no messages when the queue has none", async () => {
    replies.push(answer({}));
    expect(await receive()).toBeUndefined();
  });

  test("does not compute the MD5 of bodies", async () => {
    replies.push(answer({ Messages: [{ ...messageOf("body", 0), MD5OfBody: "another" }] }));
    expect(await receive()).toMatchObject([{ Body: "body" }]);
  });

  test("shows the messages to an application's middleware, which may change them", async () => {
    const own = new SQSClient({ ...settings, endpoint: new URL(QueueUrl).origin });
    const seen: unknown[] = [];
    own.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const { Messages = [] } = result.output as ReceiveMessageCommandOutput;
        seen.push(...Messages.map(({ Body }) => Body));
        Messages.reverse();
        return result;
      },
      { step: "initialize" },
    );
    replies.push(answer({ Messages: ["1", "2"].map(messageOf) }));
    const { Messages } = await own.send(readingMessages(new ReceiveMessageCommand({ QueueUrl })));
    own.destroy();
    expect(seen).toEqual(["1", "2"]);
    expect(Messages).toMatchObject([{ Body: "2" }, { Body: "1" }]);
  });

  test("receives again when the connection is cut within an answer", async () => {
    const text = JSON.stringify({ Messages: [messageOf("x".repeat(100_000), 0)] });
    replies.push(cutAnswer(text), answer(text));
    expect(await receive()).toHaveLength(1);
  });

  test.each<[string, () => Readable]>([
    ["texts", () => Readable.from([ONE_MESSAGE.slice(0, 9), ONE_MESSAGE.slice(9)])],
    ["typed arrays", () => Readable.from([new TextEncoder().encode(ONE_MESSAGE)])],
    [
      "a duplex whose other side stays open",
      () => {
        const duplex = new PassThrough();
        duplex.push(ONE_MESSAGE);
        duplex.push(null);
        return duplex;
      },
    ],
  ])("receives through a request handler that answers with %s", async (_, body) => {
    const own = new SQSClient({
      ...settings,
      endpoint: new URL(QueueUrl).origin,
      requestHandler: {
        handle: () =>
          Promise.resolve({ response: new HttpResponse({ statusCode: 200, body: body() }) }),
      },
    });
    const { Messages } = await own.send(readingMessages(new ReceiveMessageCommand({ QueueUrl })));
    expect(Messages).toMatchObject([{ Body: "é" }]);
  });

  test("leaves SQS's errors and answers that are not JSON to the SDK", async () => {
    replies.push(
      answer({ __type: "com.amazonaws.sqs#QueueDoesNotExist", message: "no queue" }, 400),
      answer("<html>"),
    );
    await expect(receive()).rejects.toMatchObject({ name: "QueueDoesNotExist" });
    await expect(receive()).rejects.toBeInstanceOf(SyntaxError);
  });
});
