import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
  type ReceiveMessageCommandInput,
  type SendMessageCommandInput,
  type SendMessageCommandOutput,
} from "@aws-sdk/client-sqs";
import { expect, test as plainTest } from "vitest";
import { startLocalAwsWithClients } from "../../clients.ts";

/**
 * The tests of this folder state rules of SQS, not of the stand-in: with `SQS_CONFORMANCE=aws` they
 * run against real SQS, with the ordinary credentials and region, in queues that they delete again.
 * There a test that lets time pass waits; here the stand-in's clock is put forward.
 */
const REAL = process.env["SQS_CONFORMANCE"] === "aws";

/** SQS under test. */
export interface SqsUnderTest {
  readonly client: SQSClient;
  /**
   * A queue of its own for a test; `fifo` unless told otherwise. Content-based deduplication is
   * off.
   */
  queue(options?: QueueOptions): Promise<TestQueue>;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
}

export interface QueueOptions {
  readonly standard?: boolean;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** The suite's tests: `test("…", async ({ sqs }) => …)`. */
export const test = plainTest
  .extend("real", { scope: "file" }, () => REAL)
  .extend("sqs", { scope: "file" }, async ({ real }, { onCleanup }) => {
    const sqs = real ? realSqs() : await localSqs();
    onCleanup(() => sqs[Symbol.asyncDispose]());
    return sqs;
  });

async function localSqs(): Promise<SqsUnderTest & AsyncDisposable> {
  const local = await startLocalAwsWithClients();
  return {
    client: local.sqs,
    queue: (options = {}) => TestQueue.create(local.sqs, options),
    pass: (ms) => Promise.resolve(local.aws.clock.advance(ms)),
    [Symbol.asyncDispose]: () => local[Symbol.asyncDispose](),
  };
}

function realSqs(): SqsUnderTest & AsyncDisposable {
  const client = new SQSClient();
  const urls: string[] = [];
  return {
    client,
    async queue(options = {}) {
      const queue = await TestQueue.create(client, options);
      urls.push(queue.url);
      return queue;
    },
    pass: (ms) => sleep(ms),
    async [Symbol.asyncDispose]() {
      // A test may have deleted its queue itself.
      await Promise.allSettled(
        urls.map((QueueUrl) => client.send(new DeleteQueueCommand({ QueueUrl }))),
      );
      client.destroy();
    },
  };
}

/** How long a test may take that lets so much time pass. */
export function lasting(seconds: number): { timeout: number } {
  return { timeout: REAL ? (seconds + 60) * 1000 : 30_000 };
}

let queuesMade = 0;

/** A queue with the commands that most tests need. */
export class TestQueue {
  readonly url: string;
  readonly arn: string;
  readonly name: string;
  readonly #client: SQSClient;
  readonly #fifo: boolean;
  #sent = 0;

  private constructor(client: SQSClient, url: string, arn: string, fifo: boolean) {
    this.#client = client;
    this.#fifo = fifo;
    this.url = url;
    this.arn = arn;
    this.name = arn.slice(arn.lastIndexOf(":") + 1);
  }

  static async create(client: SQSClient, options: QueueOptions): Promise<TestQueue> {
    const fifo = options.standard !== true;
    const unique = `${process.pid}-${Date.now().toString(36)}-${++queuesMade}`;
    const { QueueUrl = "" } = await client.send(
      new CreateQueueCommand({
        QueueName: `conformance-${unique}${fifo ? ".fifo" : ""}`,
        Attributes: { ...(fifo ? { FifoQueue: "true" } : {}), ...options.attributes },
      }),
    );
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
    );
    return new TestQueue(client, QueueUrl, Attributes?.["QueueArn"] ?? "", fifo);
  }

  /**
   * Sends a text: in a FIFO queue to group `g`, with a deduplication id of its own, unless `more`
   * says otherwise.
   */
  send(
    body: string,
    more: Partial<SendMessageCommandInput> = {},
  ): Promise<SendMessageCommandOutput> {
    const fifo = this.#fifo
      ? { MessageGroupId: "g", MessageDeduplicationId: `send-${++this.#sent}` }
      : {};
    return this.#client.send(
      new SendMessageCommand({ QueueUrl: this.url, MessageBody: body, ...fifo, ...more }),
    );
  }

  /**
   * One receive of up to ten messages with all their system attributes, without waiting unless
   * `more` says so.
   */
  async receive(
    more: Partial<ReceiveMessageCommandInput> = {},
    options: { abortSignal?: AbortSignal } = {},
  ): Promise<Message[]> {
    const { Messages = [] } = await this.#client.send(
      new ReceiveMessageCommand({
        QueueUrl: this.url,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ["All"],
        WaitTimeSeconds: 0,
        ...more,
      }),
      options,
    );
    return Messages;
  }

  /** The bodies of one receive that waits for the first message. */
  async bodies(more: Partial<ReceiveMessageCommandInput> = {}): Promise<string[]> {
    const messages = await this.receive({ WaitTimeSeconds: 5, ...more });
    return messages.map(({ Body }) => Body ?? "");
  }

  async attributes(): Promise<Readonly<Record<string, string>>> {
    const { Attributes = {} } = await this.#client.send(
      new GetQueueAttributesCommand({ QueueUrl: this.url, AttributeNames: ["All"] }),
    );
    return Attributes;
  }

  /**
   * Waits until the queue shows these attributes: SQS's counts and settings take a while to be the
   * same everywhere.
   */
  async expectAttributes(expected: Readonly<Record<string, string>>): Promise<void> {
    const eventually = { timeout: 60_000, interval: 100 };
    await expect.poll(() => this.attributes(), eventually).toMatchObject(expected);
  }
}

/** The entries of a batch that acknowledges messages. */
export function receipts(messages: readonly Message[]): { Id: string; ReceiptHandle: string }[] {
  return messages.map(({ ReceiptHandle }, index) => ({
    Id: `entry-${index}`,
    ReceiptHandle: ReceiptHandle ?? "",
  }));
}
