import { randomBytes } from "node:crypto";
import { SQSClient } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { clientSettings } from "../../../../functions/aws/clients.ts";
import { QueueRequests, type QueueEntry } from "../../../../functions/delivery/queue-requests.ts";
import { Base64Text } from "../../../../wire/base64-text.ts";
import { CopiedRequests } from "../../../../wire/copied-requests.ts";
import { withPlainBodies } from "../../../../wire/plain-bodies.ts";
import { Utf8Text } from "../../../../wire/utf8-text.ts";
import {
  constantHeaders,
  inputIn,
  isSignedWith,
  type ReceivedRequest,
  SECRET,
  useSqsRequests,
} from "../../../support/sqs-requests.ts";

const server = await useSqsRequests();
const { received, treatments, endpoint } = server;
const QUEUE = `${endpoint}/000000000000/shop-billing-staging.fifo`;
const OTHER = `${endpoint}/000000000000/shop-billing-test.fifo`;
const ATTRIBUTES = { size: { DataType: "Number", StringValue: "5" } };
const limits = (requestTimeout = 10_000) => ({
  abortSignal: new AbortController().signal,
  requestTimeout,
});

let client: SQSClient;
let requests: QueueRequests;

beforeEach(() => {
  client = withPlainBodies(
    new SQSClient({
      // Its own timeout is longer than a test may take.
      ...clientSettings("route", 60_000).sqs,
      ...server.settings,
    }),
  );
  requests = new QueueRequests(client);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  client.destroy();
});

function entry(body: QueueEntry["body"], more: object = {}): QueueEntry {
  return { fields: { MessageGroupId: "g", MessageDeduplicationId: "id", ...more }, body };
}

const send = (body: QueueEntry["body"] = "text", queue = QUEUE): Promise<void> =>
  requests.send(queue, entry(body), limits());

/** Bodies as the function has them: finished bytes, other formats' texts, compressed ones. */
const BODIES = [
  new Utf8Text(Buffer.from(JSON.stringify({ text: 'é 😀 "quoted" \\'.repeat(300) }))),
  new Utf8Text(Buffer.from("\n\t".repeat(2000))),
  "short",
  `lone \ud800 surrogate ${"x".repeat(2000)}`,
  'é"\\\n'.repeat(3000),
  new Base64Text("zstd:", randomBytes(200_000)),
];

describe("requests to a queue", () => {
  test("are the SDK's at first; those after it say the same, with the same headers", async () => {
    for (let time = 0; time < 2; time++) {
      for (const body of BODIES) {
        requests = time === 0 ? new QueueRequests(client) : requests;
        await requests.send(QUEUE, entry(body, { MessageAttributes: ATTRIBUTES }), limits());
      }
    }
    const { length } = BODIES;
    expect(server.makers).toEqual([...BODIES.map(() => true), ...BODIES.map(() => false)]);
    for (const [index, body] of BODIES.entries()) {
      const [bySdk, copy] = [received[index], received[index + length]] as [
        ReceivedRequest,
        ReceivedRequest,
      ];
      expect(inputIn(copy)).toEqual(inputIn(bySdk));
      expect(inputIn(copy)).toHaveProperty("MessageBody", String(body));
      expect(constantHeaders(copy)).toEqual(constantHeaders(bySdk));
      expect(copy.headers["content-length"]).toBe(String(copy.body.length));
      expect(isSignedWith(copy, SECRET)).toBe(true);
    }
  });

  test("with several messages are copied, too, and each entry keeps its body", async () => {
    const entries = BODIES.map((body, index) =>
      entry(body, {
        MessageGroupId: `g${index}`,
        ...(index % 2 === 0 && { MessageAttributes: ATTRIBUTES }),
      }),
    );
    for (let time = 0; time < 2; time++) await requests.sendBatch(QUEUE, entries, limits());
    expect(server.makers).toEqual([true, false]);
    const [bySdk, copy] = received as [ReceivedRequest, ReceivedRequest];
    expect(inputIn(copy)).toEqual(inputIn(bySdk));
    expect(inputIn(copy)).toMatchObject({
      Entries: BODIES.map((body, index) => ({ Id: String(index), MessageBody: String(body) })),
    });
    expect(constantHeaders(copy)).toEqual(constantHeaders(bySdk));
    expect(isSignedWith(copy, SECRET)).toBe(true);
    await send();
    expect(server.makers).toEqual([true, false, true]);
  });

  test("at the same time keep their bodies, and those of another queue their queue", async () => {
    await send();
    await send("text", OTHER);
    received.length = 0;
    const texts = Array.from({ length: 40 }, (_, i) => `"${i}"`.repeat(1000 * (i % 5)) + i);
    await Promise.all(
      texts.map((text, i) => send(new Utf8Text(Buffer.from(text)), i % 2 === 0 ? QUEUE : OTHER)),
    );
    expect(server.makers).toEqual(texts.map(() => false));
    expect(new Set(received.map((request) => JSON.stringify(inputIn(request))))).toEqual(
      new Set(
        texts.map((MessageBody, i) =>
          JSON.stringify({
            QueueUrl: i % 2 === 0 ? QUEUE : OTHER,
            ...entry("").fields,
            MessageBody,
          }),
        ),
      ),
    );
  });
});

const numbered = (n: number) =>
  new Utf8Text(Buffer.from(JSON.stringify(`${n} "quoted"`.repeat(500))));

describe("a request that was made before it is sent", () => {
  test("says the same as one that was not, with the same headers, and is sent once", async () => {
    await send();
    const made = vi.spyOn(CopiedRequests.prototype, "prepare");
    const [ahead, again] = [entry(numbered(1)), entry(numbered(1))];
    requests.prepare(QUEUE, ahead);
    requests.prepare(QUEUE, ahead);
    expect(made).toHaveBeenCalledTimes(1);
    await requests.send(QUEUE, ahead, limits());
    await requests.send(QUEUE, again, limits());
    await requests.send(QUEUE, ahead, limits());
    expect(made).toHaveBeenCalledTimes(3);
    expect(server.makers).toEqual([true, false, false, false]);
    const [, first, usual, third] = received as [unknown, ...ReceivedRequest[]];
    for (const request of [first, usual, third] as ReceivedRequest[]) {
      expect(inputIn(request)).toEqual(inputIn(first as ReceivedRequest));
      expect(constantHeaders(request)).toEqual(constantHeaders(first as ReceivedRequest));
      expect(isSignedWith(request, SECRET)).toBe(true);
    }
  });

  test("keeps its body while others are sent", async () => {
    await send();
    const entries = [1, 2, 3, 4].map((n) => entry(numbered(n)));
    for (const one of entries) requests.prepare(QUEUE, one);
    await Promise.all([send(numbered(5)), send(numbered(6))]);
    received.length = 0;
    for (const one of entries) await requests.send(QUEUE, one, limits());
    expect(received.map((request) => inputIn(request))).toEqual(
      entries.map(({ body }) => expect.objectContaining({ MessageBody: String(body) })),
    );
  });

  test("is not sent after SQS refused another copy: the SDK makes the next ones", async () => {
    await send();
    const ahead = entry(numbered(1));
    requests.prepare(QUEUE, ahead);
    treatments.push("refuse", { answer: "{}" });
    await send();
    await requests.send(QUEUE, ahead, limits());
    expect(server.makers).toEqual([true, false, true, true]);
  });

  test("is made anew when its signature is old, and while there are enough of them", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const made = vi.spyOn(CopiedRequests.prototype, "prepare");
    await send();
    const entries = [1, 2, 3, 4].map((n) => entry(numbered(n)));
    for (const one of entries) requests.prepare(QUEUE, one);
    expect(made).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(11_000);
    for (const one of entries.slice(2)) requests.prepare(QUEUE, one);
    expect(made).toHaveBeenCalledTimes(4);
    for (const one of entries) await requests.send(QUEUE, one, limits());
    expect(made).toHaveBeenCalledTimes(6);
    const old = entry(numbered(5));
    requests.prepare(QUEUE, old);
    vi.advanceTimersByTime(11_000);
    await requests.send(QUEUE, old, limits());
    expect(made).toHaveBeenCalledTimes(8);
  });

  test("is none when its text was freed, which ends nothing", async () => {
    await send();
    const text = numbered(1);
    text.free();
    requests.prepare(QUEUE, entry(text));
    await send();
    expect(server.makers).toEqual([true, false]);
  });

  test("is none when there is no request to copy yet", async () => {
    const ahead = entry(numbered(1));
    requests.prepare(QUEUE, ahead);
    await requests.send(QUEUE, ahead, limits());
    expect(server.makers).toEqual([true]);
  });
});

describe("entries that SQS refuses", () => {
  test("are told apart from those that were sent, whoever made the request", async () => {
    const answer = JSON.stringify({
      Successful: [{ Id: "0", MessageId: "m", MD5OfMessageBody: "x" }],
      Failed: [{ Id: "1", SenderFault: false, Code: "InternalError", Message: "no" }],
    });
    const entries = [entry("a", { MessageGroupId: "a" }), entry("b", { MessageGroupId: "b" })];
    for (let time = 0; time < 2; time++) {
      treatments.push({ answer });
      expect(await requests.sendBatch(QUEUE, entries, limits())).toEqual(new Set(["1"]));
    }
    expect(server.makers).toEqual([true, false]);
  });

  test("are none when the answer says so", async () => {
    for (let time = 0; time < 2; time++) {
      treatments.push({ answer: JSON.stringify({ Successful: [{ Id: "0" }], Failed: null }) });
      expect(await requests.sendBatch(QUEUE, [entry("a")], limits())).toEqual(new Set());
    }
    expect(server.makers).toEqual([true, false]);
  });
});

const refusal = (code: string, status = 400) => ({
  status,
  answer: JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message: "no" }),
});

describe("a copy without success", () => {
  test("is repeated by the SDK, whose error it then is", async () => {
    await send();
    treatments.push(refusal("AccessDenied"), refusal("AccessDenied"));
    await expect(send()).rejects.toMatchObject({ name: "AccessDenied" });
    expect(server.makers).toEqual([true, false, true]);
  });

  test("is repeated with the SDK's pauses while SQS throttles", async () => {
    await send();
    treatments.push(...Array.from({ length: 4 }, () => refusal("RequestThrottled")));
    await send();
    expect(server.makers).toEqual([true, false, true, true, true, true]);
  });

  test("leaves its queue to the SDK for a minute, and no other queue", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    await send("text", OTHER);
    await send();
    treatments.push(refusal("RequestThrottled"));
    await send();
    await send();
    await send("text", OTHER);
    vi.advanceTimersByTime(61_000);
    await send();
    await send();
    expect(server.makers).toEqual([true, true, false, true, true, false, true, false]);
  });

  test("is repeated after a cut connection, half an answer and another answer", async () => {
    await send();
    for (const treatment of ["cut", "half", { answer: "<html>" }] as const) {
      received.length = 0;
      treatments.push(treatment);
      await send(`after ${JSON.stringify(treatment)}`);
      expect(server.makers).toEqual(treatment === "cut" ? [true] : [false, true]);
      expect(inputIn(received.at(-1) as ReceivedRequest)).toHaveProperty(
        "MessageBody",
        `after ${JSON.stringify(treatment)}`,
      );
    }
  });

  test("is repeated after the timeout of an attempt, as the SDK's requests are", async () => {
    const attempt = limits(300);
    for (let time = 0; time < 2; time++) {
      treatments.push("hold");
      await requests.send(QUEUE, entry("text"), attempt);
      treatments.push("hold");
      await requests.sendBatch(QUEUE, [entry("text")], attempt);
    }
    expect(server.makers).toEqual([true, true, true, true, false, true, false, true]);
  });

  test("is not repeated when the time is over, and neither is the SDK's request", async () => {
    for (let time = 0; time < 2; time++) {
      treatments.push("hold");
      const abort = new AbortController();
      const held = requests.send(QUEUE, entry("text"), { ...limits(), abortSignal: abort.signal });
      await vi.waitFor(() => expect(received).toHaveLength(2 * time + 1));
      abort.abort();
      await expect(held).rejects.toMatchObject({ name: "AbortError" });
      await send();
    }
    expect(server.makers).toEqual([true, true, false, false]);
  });
});

test("a copy has the trace of its own invocation, not that of the first request", async () => {
  vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "route");
  const traces = ["Root=1-first", "Root=1-second", undefined, "Root=1-third"];
  for (const trace of traces) {
    vi.stubEnv("_X_AMZN_TRACE_ID", trace);
    await send();
  }
  expect(server.makers).toEqual([true, false, false, false]);
  expect(received.map(({ headers }) => headers["x-amzn-trace-id"])).toEqual(traces);
});

test("a copy has no other header of the first request's trace", async () => {
  const trace = { traceparent: "00-1-2-01", tracestate: "state=1", baggage: "item=1" };
  client.middlewareStack.add(
    (next) => (args) => {
      Object.assign((args.request as { readonly headers: object }).headers, trace);
      return next(args);
    },
    { step: "build" },
  );
  await send();
  await send();
  expect(server.makers).toEqual([true, false]);
  expect(received[0]?.headers).toMatchObject(trace);
  for (const name of Object.keys(trace)) expect(received[1]?.headers).not.toHaveProperty(name);
});
