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
 * The tests of this folder check rules of SQS, not of the stand-in. With `SQS_CONFORMANCE=aws` they
 * run against real SQS with the default credentials and region, in queues that they delete
 * afterwards. A test that lets time pass then waits for real; against the stand-in it advances the
 * clock.
 */
const REAL = process.env["SQS_CONFORMANCE"] === "aws";

/** The SQS under test: the stand-in or the real one. */
export interface SqsUnderTest {
  readonly client: SQSClient;
  /** Creates a queue for one test: a FIFO queue by default, without content-based deduplication. */
  queue(options?: QueueOptions): Promise<TestQueue>;
  /** Lets `ms` pass: advances the stand-in's clock, or waits. */
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
      // The test may have deleted its queue already.
      await Promise.allSettled(
        urls.map((QueueUrl) => client.send(new DeleteQueueCommand({ QueueUrl }))),
      );
      client.destroy();
    },
  };
}

/** The time limit of a test that lets this many seconds pass. */
export function lasting(seconds: number): { timeout: number } {
  return { timeout: REAL ? (seconds + 60) * 1000 : 30_000 };
}

let queuesMade = 0;

/** A queue, with the commands that most tests use. */
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
   * Sends a text. In a FIFO queue it goes to group `g` with a new deduplication id, unless `more`
   * overrides them.
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
   * Receives up to ten messages with all system attributes. It does not wait unless `more` sets a
   * wait time.
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

  /** Receives once, waiting for the first message; returns the bodies. */
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
   * Waits until the queue reports these attributes: SQS's counts and settings are eventually
   * consistent.
   */
  async expectAttributes(expected: Readonly<Record<string, string>>): Promise<void> {
    const eventually = { timeout: 60_000, interval: 100 };
    await expect.poll(() => this.attributes(), eventually).toMatchObject(expected);
  }
}

/** The entries of a batch that deletes messages. */
export function receipts(messages: readonly Message[]): { Id: string; ReceiptHandle: string }[] {
  return messages.map(({ ReceiptHandle }, index) => ({
    Id: `entry-${index}`,
    ReceiptHandle: ReceiptHandle ?? "",
  }));
}
