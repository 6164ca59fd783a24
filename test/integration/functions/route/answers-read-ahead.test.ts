import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { SQSClient } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { clientSettings } from "../../../../functions/aws/clients.ts";
import { fixedPatience } from "../../../../functions/delivery/patience.ts";
import { packFrame } from "../../../../wire/frame-body.ts";
import { withPlainBodies } from "../../../../wire/plain-bodies.ts";
import { TestLane, type TestChange } from "../../../support/functions/frames.ts";
import { rawEvent, route } from "../../../support/functions/invoke.ts";
import { Stage } from "../../../support/functions/stage.ts";

/** How long a request to a queue may take, milliseconds: half of it for each of two attempts. */
const PATIENCE_MS = 2000;
const ATTEMPT_MS = PATIENCE_MS / 2;

/** What the threads tell each other in a shared array. */
const ASKED = 0;
const ANSWERED = 1;
const REQUESTS = 2;

/**
 * A queue service in a thread of its own. It answers the first request when the messages of the
 * next frame are being made, and the others at once.
 */
const SERVICE = `
const { parentPort, workerData } = require("node:worker_threads");
const server = require("node:http").createServer((request, response) => {
  request.resume().on("end", async () => {
    if (Atomics.add(workerData, ${REQUESTS}, 1) === 0) {
      await Atomics.waitAsync(workerData, ${ASKED}, 0).value;
    }
    response.setHeader("content-type", "application/x-amz-json-1.0");
    response.end('{"MessageId":"1","SequenceNumber":"1"}', () => {
      Atomics.store(workerData, ${ANSWERED}, 1);
      Atomics.notify(workerData, ${ANSWERED});
    });
  });
});
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

test("an answer that comes while the next frame's messages are made is in time", async () => {
  const shared = new Int32Array(new SharedArrayBuffer(12));
  const service = new Worker(SERVICE, { eval: true, workerData: shared });
  await using _ = { [Symbol.asyncDispose]: async () => void (await service.terminate()) };
  const [port] = (await once(service, "message")) as [number];
  await using stage = await Stage.start();
  const { region, credentials } = stage.aws;
  const sqs = new SQSClient({
    ...clientSettings("route").sqs,
    region,
    credentials,
    endpoint: `http://127.0.0.1:${port}`,
    useQueueUrlAsEndpoint: false,
  });
  const clients = { ...stage.clients, sqs: withPlainBodies(sqs) };
  const runtime = stage.runtimeWith(clients, { patience: fixedPatience(PATIENCE_MS) });
  const { environmentOf, subscriptions } = runtime.rules;
  /** Making the messages of the second frame takes until the first request is late. */
  const slow = (user: string, host: string): string | null => {
    if (user === "app_staging" && Atomics.exchange(shared, ASKED, 1) === 0) {
      Atomics.notify(shared, ASKED);
      Atomics.wait(shared, ANSWERED, 0);
      Atomics.wait(shared, ANSWERED, 1, ATTEMPT_MS);
    }
    return environmentOf(user, host);
  };
  const dependsOnHost = (user: string): boolean => environmentOf.dependsOnHost(user);
  const rules = { subscriptions, environmentOf: Object.assign(slow, { dependsOnHost }) };

  const lane = new TestLane();
  const frames = await Promise.all(
    ["app_prod", "app_staging"].map(async (user) => {
      const large = Array.from({ length: 4 }, (): TestChange => ({ user, text: "x".repeat(1e5) }));
      return String(await packFrame(Buffer.from(lane.frame(large))));
    }),
  );
  expect(await route({ ...runtime, rules }, rawEvent(frames))).toEqual([]);
  expect(Atomics.load(shared, ASKED)).toBe(1);
  expect(Atomics.load(shared, REQUESTS)).toBe(frames.length);
  expect((await stage.backUp()).get("failures")).toEqual([]);
  sqs.destroy();
});
