import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent } from "node:http";
import {
  connect,
  createServer,
  type AddressInfo,
  type NetConnectOpts,
  type Socket,
} from "node:net";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect, onTestFinished, test, vi } from "vitest";
import { CopiedRequests } from "../../../wire/copied-requests.ts";

const BYTES = 1_000_000;
const LIMITS = { requestTimeout: 10_000 };

test("an answer that comes before a request was sent leaves the request its memory", async () => {
  const received: Buffer[][] = [];
  const server = createServer((socket) => {
    const chunks: Buffer[] = [];
    received.push(chunks);
    socket.on("data", (chunk) => chunks.push(chunk));
    // The whole answer, before anything of the request has come.
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;

  /** The sockets whose requests wait. */
  const held: Socket[] = [];
  let isHeld = false;
  const httpAgent = new Agent({ keepAlive: true });
  httpAgent.createConnection = (options) => {
    const socket = connect(options as NetConnectOpts);
    if (isHeld) {
      socket.cork();
      held.push(socket);
    }
    return socket;
  };
  const client = new SQSClient({
    region: "eu-west-1",
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: "id", secretAccessKey: "secret" },
    requestHandler: { httpAgent },
    md5: false,
  });
  onTestFinished(() => {
    client.destroy();
    for (const socket of held) socket.destroy();
    server.close();
  });
  const requests = new CopiedRequests(client);
  const command = new SendMessageCommand({ QueueUrl: "queue", MessageBody: "text" });
  await requests.bySdk(command, () => client.send(command, LIMITS));
  // Its connection would have no answer for a second request.
  httpAgent.destroy();

  const early = randomBytes(BYTES);
  isHeld = true;
  await requests.copy([early], LIMITS);
  isHeld = false;
  await requests.copy([Buffer.alloc(BYTES)], LIMITS);
  for (const socket of held) socket.uncork();
  const whole = () => Buffer.concat(received[1] ?? []);
  await vi.waitFor(() => expect(whole().length).toBeGreaterThan(BYTES));
  expect(whole().subarray(-BYTES).equals(early)).toBe(true);
});
