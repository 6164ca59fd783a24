import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import {
  DeleteMessageBatchCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SQSClient,
  type SQSClientConfig,
} from "@aws-sdk/client-sqs";
import { AwsQueryProtocol } from "@aws-sdk/core/protocols";
import type { constructStack } from "@smithy/core/client";
import { StandardRetryStrategy } from "@smithy/core/retry";
import {
  afterEach,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
  type Mock,
} from "vitest";
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

function usualSettings(): SQSClientConfig {
  const credentials = { accessKeyId: "id", secretAccessKey: "secret", sessionToken: "token" };
  return { region: "eu-west-1", endpoint, credentials };
}

function newClient(settings: SQSClientConfig = {}): SQSClient {
  const client = new SQSClient({ ...usualSettings(), ...settings });
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
function deleter(client: SQSClient, commands = new CopiedCommands()) {
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

function passOn<Value>(value: Value): Value {
  return value;
}

type Signer = Awaited<ReturnType<SQSClient["config"]["signer"]>>;
type MiddlewareStack<In extends object, Out extends object> = ReturnType<
  typeof constructStack<In, Out>
>;

/** Adds middleware to a client, and tells its calls. */
function counting(client: SQSClient): Mock<() => void> {
  const seen = vi.fn<() => void>();
  client.middlewareStack.add(
    (next) => (args) => {
      seen();
      return next(args);
    },
    { step: "initialize" },
  );
  return seen;
}

/** Hooks into the handlers that a client's middleware becomes, as OpenTelemetry does. */
function tracing(client: SQSClient): Mock<(command: string | undefined) => void> {
  const seen = vi.fn<(command: string | undefined) => void>();
  const hookInto = <In extends object, Out extends object>(stack: MiddlewareStack<In, Out>) => {
    const { ...bare } = stack;
    stack.clone = () => hookInto(bare.clone());
    stack.concat = (from) => hookInto(bare.concat(from));
    stack.resolve = (handler, context) => {
      const resolved = bare.resolve(handler, context);
      return (args) => {
        seen(context.commandName);
        return resolved(args);
      };
    };
    return stack;
  };
  hookInto(client.middlewareStack);
  return seen;
}

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

describe("a copy", () => {
  test("passes what hooks into the SDK's handlers", async () => {
    const client = newClient();
    const seen = tracing(client);
    const deletes = "DeleteMessageBatchCommand";
    await deleter(client)("a", "b", "c");
    expect(bySdk()).toEqual([true, false, false]);
    expect(seen.mock.calls).toEqual([[deletes], [deletes], [deletes]]);
  });

  test("follows an endpoint that changes", async () => {
    const now = { protocol: "http:", hostname: "localhost", path: "/" };
    const port = Number(new URL(endpoint).port);
    const client = newClient({ endpoint: () => Promise.resolve({ ...now, port }) });
    const deleteAll = deleter(client);
    await deleteAll("a", "b");
    now.hostname = "127.0.0.1";
    await deleteAll("c", "d");
    expect(bySdk()).toEqual([true, false, true, false]);
    expect(received.map(({ headers }) => headers.host?.split(":")[0])).toEqual([
      "localhost",
      "localhost",
      "127.0.0.1",
      "127.0.0.1",
    ]);
  });

  test("has the credentials that the client was given last", async () => {
    const client = newClient();
    const deleteAll = deleter(client);
    await deleteAll("a", "b");
    client.config.credentials = () => Promise.resolve({ accessKeyId: "new", secretAccessKey: "x" });
    await deleteAll("c", "d");
    expect(bySdk()).toEqual([true, false, true, false]);
    const keys = received.map(({ headers }) => /=(.*?)\//.exec(headers.authorization ?? "")?.[1]);
    expect(keys).toEqual(["id", "id", "new", "new"]);
  });

  test.each<[string, (config: SQSClient["config"]) => void]>([
    ["region", (config) => (config.region = () => Promise.resolve("eu-west-2"))],
    ["signer", (config) => (config.signer = config.signer.bind(undefined))],
  ])("is not made of a request before another %s", async (_, change) => {
    const client = newClient();
    const deleteAll = deleter(client);
    await deleteAll("a", "b");
    change(client.config);
    await deleteAll("c", "d");
    expect(bySdk()).toEqual([true, false, true, false]);
  });

  test("has credentials that were renewed", async () => {
    let accessKeyId = "first";
    const deleteAll = deleter(
      newClient({
        credentials: () =>
          Promise.resolve({ accessKeyId, secretAccessKey: "x", expiration: new Date() }),
      }),
    );
    await deleteAll("a", "b");
    accessKeyId = "second";
    await deleteAll("c");
    expect(bySdk()).toEqual([true, false, false]);
    expect(received[2]?.headers.authorization).toContain("=second/");
  });

  test("is the SDK's kind of request to a signer, whose failure is no copy's", async () => {
    const sign = vi.fn<Signer["sign"]>((request) => Promise.resolve(request));
    const signer = vi
      .fn(() => Promise.resolve({ sign }))
      .mockResolvedValueOnce({ sign })
      .mockRejectedValueOnce(new Error("not now"));
    await deleter(newClient({ signer }))("a", "b", "c");
    expect(bySdk()).toEqual([true, true, false]);
    for (const [request] of sign.mock.calls) expect(request).toHaveProperty("clone");
  });

  test("reads what any request handler answers", async () => {
    const { requestHandler } = newClient().config;
    const handle: typeof requestHandler.handle = async (...args) => {
      const { response } = await requestHandler.handle(...args);
      response.body = Readable.toWeb(response.body as Readable);
      return { response };
    };
    await deleter(newClient({ requestHandler: { ...requestHandler, handle } }))("a", "b", "c");
    expect(bySdk()).toEqual([true, false, false]);
  });
});

describe("a command is always the SDK's", () => {
  test("for a client with middleware, also with one that was added later", async () => {
    const client = newClient();
    const deleteAll = deleter(client);
    await deleteAll("a", "b");
    const seen = counting(client);
    await deleteAll("c", "d");
    expect(bySdk()).toEqual([true, false, true, true]);
    expect(seen).toHaveBeenCalledTimes(2);
  });

  test.each<[string, (stack: SQSClient["middlewareStack"]) => void]>([
    [
      "with middleware beside a command's",
      (stack) =>
        stack.addRelativeTo(passOn, {
          relation: "after",
          toMiddleware: "endpointV2Middleware",
        }),
    ],
    [
      "with middleware of the name of the SDK's",
      (stack) =>
        stack.add((next) => next, {
          step: "initialize",
          priority: "normal",
          name: "loggerMiddleware",
          override: true,
        }),
    ],
    ["without some of the SDK's", (stack) => stack.remove("getUserAgentMiddleware")],
  ])("for a client %s", async (_, change) => {
    const client = newClient();
    change(client.middlewareStack);
    await deleter(client)("a", "b");
    expect(bySdk()).toEqual([true, true]);
  });

  test("for a client that gets middleware when it is made", async () => {
    const sdk = await import("@aws-sdk/client-sqs");
    class Traced extends sdk.SQSClient {
      constructor(config: SQSClientConfig) {
        super(config);
        this.middlewareStack.add((next) => next, { step: "initialize", name: "tracing" });
      }
    }
    onTestFinished(() => {
      vi.doUnmock("@aws-sdk/client-sqs");
      vi.resetModules();
    });
    vi.doMock("@aws-sdk/client-sqs", () => ({ ...sdk, SQSClient: Traced }));
    vi.resetModules();
    const { CopiedCommands: Commands } = await import("../../../client/copied-commands.ts");
    await deleter(new Traced(usualSettings()), new Commands())("a", "b");
    expect(bySdk()).toEqual([true, true]);
  });

  test("for a process whose clients repeat adaptively", async () => {
    onTestFinished(() => void vi.resetModules());
    vi.stubEnv("AWS_RETRY_MODE", "adaptive");
    vi.resetModules();
    const { CopiedCommands: Commands } = await import("../../../client/copied-commands.ts");
    await deleter(newClient(), new Commands())("a", "b");
    expect(bySdk()).toEqual([true, true]);
  });

  test.each<[string, SQSClientConfig]>([
    ["one attempt", { maxAttempts: 1 }],
    ["adaptive attempts", { retryMode: "adaptive" }],
    [
      "a strategy for attempts",
      { retryStrategy: new (class extends StandardRetryStrategy {})(() => Promise.resolve(3)) },
    ],
    ["its own endpoints", { endpointProvider: () => ({ url: new URL(endpoint) }) }],
    [
      "its own choice of authentication",
      {
        httpAuthSchemeProvider: () => [
          {
            schemeId: "aws.auth#sigv4",
            signingProperties: { name: "sqs", region: "eu-west-1" },
            propertiesExtractor: (config, context) => ({ signingProperties: { config, context } }),
          },
        ],
      },
    ],
    [
      "its own authentication",
      {
        httpAuthSchemes: [
          {
            schemeId: "aws.auth#sigv4",
            identityProvider: () => () => Promise.resolve({}),
            signer: { sign: (request) => Promise.resolve(request) },
          },
        ],
      },
    ],
  ])("for a client with %s", async (_, settings) => {
    await deleter(newClient(settings))("a", "b");
    expect(bySdk()).toEqual([true, true]);
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
