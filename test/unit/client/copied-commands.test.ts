import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import {
  DeleteMessageBatchCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SQSClient,
  type SQSClientConfig,
} from "@aws-sdk/client-sqs";
import { AwsQueryProtocol } from "@aws-sdk/core/protocols";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { CopiedCommands } from "../../../client/copied-commands.ts";
import { readingMessages } from "../../../client/received-messages.ts";

const QueueUrl = "http://localhost/000000000000/queue.fifo";
const DELETED = { Failed: [], Successful: [{ Id: "0" }] };

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let received: Received[] = [];
/** The answers to the next requests, in order; then all are `DELETED`. */
let replies: ((response: ServerResponse) => void)[] = [];
let endpoint = "";
const server = createServer((request, response) => {
  void text(request).then((body) => {
    received.push({ headers: request.headers, body });
    (replies.shift() ?? answer(DELETED))(response);
  });
});

beforeEach(async () => {
  received = [];
  replies = [];
  await once(server.listen(0, "127.0.0.1"), "listening");
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

function answer(value: unknown, status = 200) {
  return (response: ServerResponse): void => {
    response
      .writeHead(status, {
        "x-amzn-requestid": "request",
        "content-type": "application/x-amz-json-1.0",
      })
      .end(typeof value === "string" ? value : JSON.stringify(value));
  };
}

function newClient(settings: SQSClientConfig = {}): SQSClient {
  const client = new SQSClient({
    region: "eu-west-1",
    endpoint,
    credentials: { accessKeyId: "id", secretAccessKey: "secret", sessionToken: "token" },
    ...settings,
  });
  onTestFinished(() => client.destroy());
  return client;
}

function deletion(handle: string): DeleteMessageBatchCommand {
  return new DeleteMessageBatchCommand({
    QueueUrl,
    Entries: [{ Id: "0", ReceiptHandle: handle }],
  });
}

/** Deletes a message with each handle, one after the other. */
function deleter(client: SQSClient) {
  const commands = new CopiedCommands();
  return async (...handles: string[]): Promise<void> => {
    for (const handle of handles) await client.send(commands.prepared(deletion(handle)), {});
  };
}

/** Which of the requests the SDK made: it numbers its attempts. */
function bySdk(): boolean[] {
  return received.map(({ headers }) => "amz-sdk-request" in headers);
}

const OWN = /^(x-amz-date|x-amz-content-sha256|content-length|amz-sdk-.*)$/;

/** The headers without what differs from request to request, and without the SDK's numbers. */
function withoutOwn({ headers }: Received): object {
  const others = Object.entries(headers).filter(([name]) => !OWN.test(name));
  const scope = headers.authorization?.replace(/SignedHeaders.*/, "");
  return { ...Object.fromEntries(others), authorization: scope };
}

function nothing(): void {}

describe("a command of a client without anything of the application's", () => {
  test("is the SDK's first, and then a signed copy with its own body", async () => {
    const deleteAll = deleter(newClient());
    await deleteAll("a", "é\ud800", "c");
    expect(bySdk()).toEqual([true, false, false]);
    const [first, ...copies] = received;
    for (const copy of copies) {
      expect(first && withoutOwn(first)).toEqual(withoutOwn(copy));
      expect(copy.headers.authorization).toMatch(/Signature=[0-9a-f]{64}$/);
      expect(copy.headers["content-length"]).toBe(String(Buffer.byteLength(copy.body)));
    }
    const inputs = ["a", "é\ud800", "c"].map((handle) => deletion(handle).input);
    expect(received.map(({ body }) => JSON.parse(body) as unknown)).toEqual(inputs);
  });

  test("returns what the SDK returns", async () => {
    const client = newClient();
    const body = "x".repeat(40_000);
    const Messages = [{ MessageId: "id", Body: body, Attributes: { SequenceNumber: "1" } }];
    const commands = new CopiedCommands();
    for (const value of [{ Messages }, { Messages: [] }, {}]) {
      replies = [answer(value), answer(value), answer(value)];
      const command = (): ReceiveMessageCommand =>
        readingMessages(new ReceiveMessageCommand({ QueueUrl }));
      const { $metadata: ofSdk, ...expected } = await client.send(command(), {});
      await client.send(commands.prepared(command()), {});
      const { $metadata, ...output } = await client.send(commands.prepared(command()), {});
      expect(output).toEqual(expected);
      expect($metadata).toMatchObject({
        httpStatusCode: ofSdk.httpStatusCode,
        requestId: ofSdk.requestId,
      });
    }
    expect(bySdk()).toEqual([true, true, false, true, false, false, true, false, false]);
  });

  test("is the SDK's for a minute after SQS refused a copy, with the SDK's error", async () => {
    const deleteAll = deleter(newClient());
    await deleteAll("a");
    const refusal = answer({ __type: "com.amazonaws.sqs#QueueDoesNotExist", message: "no" }, 400);
    replies = [refusal, refusal];
    await expect(deleteAll("b")).rejects.toThrow(QueueDoesNotExist);
    await deleteAll("c", "d");
    const now = performance.now();
    vi.spyOn(performance, "now").mockImplementation(() => now + 60_001);
    await deleteAll("e", "f");
    expect(bySdk()).toEqual([true, false, true, true, true, true, false]);
    const handles = received.map(({ body }) => /"ReceiptHandle":"(.)"/.exec(body)?.[1]);
    expect(handles).toEqual(["a", "b", "b", "c", "d", "e", "f"]);
  });

  test.each([
    ["no JSON", answer("{")],
    ["no object", answer("[]")],
    ["no list", answer({ Failed: {} })],
    ["a cut connection", (response: ServerResponse) => response.destroy()],
  ])("is repeated by the SDK after %s", async (_, reply) => {
    const deleteAll = deleter(newClient());
    await deleteAll("a");
    replies = [reply];
    await deleteAll("b");
    expect(bySdk()).toEqual([true, false, true]);
    expect(received[2]?.body).toBe(received[1]?.body);
  });

  test("ends when its signal aborts, without a repetition", async () => {
    const client = newClient();
    const commands = new CopiedCommands();
    await client.send(commands.prepared(deletion("a")), {});
    const giveUp = new AbortController();
    replies = [() => giveUp.abort()];
    const sending = client.send(commands.prepared(deletion("b")), { abortSignal: giveUp.signal });
    await expect(sending).rejects.toMatchObject({ name: "AbortError" });
    expect(bySdk()).toEqual([true, false]);
  });
});

describe("a command is always the SDK's", () => {
  test("for a client with middleware, also with one that was added later", async () => {
    const client = newClient();
    const deleteAll = deleter(client);
    await deleteAll("a", "b");
    const seen = vi.fn();
    client.middlewareStack.add(
      (next) => (args) => {
        seen(args.input);
        return next(args);
      },
      { step: "initialize" },
    );
    const now = performance.now();
    vi.spyOn(performance, "now").mockImplementation(() => now + 1001);
    await deleteAll("c", "d");
    expect(bySdk()).toEqual([true, false, true, true]);
    expect(seen).toHaveBeenCalledTimes(2);
  });

  test("for a client with a logger", async () => {
    const logger = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
    await deleter(newClient({ logger }))("a", "b");
    expect(bySdk()).toEqual([true, true]);
  });

  test("for a client that speaks SQS's XML", async () => {
    const xml = answer("<DeleteMessageBatchResponse/>");
    replies = [xml, xml];
    await deleter(newClient({ protocol: AwsQueryProtocol }))("a", "b");
    expect(received.map(({ body }) => body.slice(0, 13))).toEqual([
      "Action=Delete",
      "Action=Delete",
    ]);
    expect(bySdk()).toEqual([true, true]);
  });

  test("in Lambda, where each invocation has its trace", async () => {
    vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "function");
    await deleter(newClient())("a", "b");
    expect(bySdk()).toEqual([true, true]);
  });
});
