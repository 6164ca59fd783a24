import { setTimeout as delay } from "node:timers/promises";
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { LocalAws } from "@binlog-router/local-aws";
import type { AwsClients } from "@binlog-router/local-aws/clients";
import { inBackground } from "../../../../infra/local/process/background.ts";

/** Queues that no application reads: raw, dead-letter and canary queues. */
const NOT_OF_APPLICATIONS = /-raw\.fifo$|-dead\.fifo$|router-canary/;

/** The parts of a stack that a load uses. */
interface Loaded {
  readonly aws: LocalAws;
  readonly clients: AwsClients;
  /** The names of the queues whose application does not run. */
  readonly asleep: ReadonlySet<string>;
  /** Whether staging writes rows continually. */
  readonly isWriting: boolean;
  queueUrl(name: string): string;
  write(): Promise<void>;
}

/** Runs the applications of all environments, which receive everything, except `stack.asleep`. */
export function runApplications(stack: Loaded): AsyncDisposable {
  return inBackground(async (signal) => {
    while (!signal.aborted) {
      for (const { name, visible } of stack.aws.queues.all()) {
        if (visible === 0 || NOT_OF_APPLICATIONS.test(name) || stack.asleep.has(name)) continue;
        await takeSome(stack, name).catch(() => undefined);
      }
      await delay(200, undefined, { signal }).catch(() => undefined);
    }
  });
}

/** Writes staging's orders while `stack.isWriting`. */
export function runWriter(stack: Loaded): AsyncDisposable {
  return inBackground(async (signal) => {
    while (!signal.aborted) {
      if (stack.isWriting) await stack.write().catch(() => undefined);
      await delay(400, undefined, { signal }).catch(() => undefined);
    }
  });
}

async function takeSome(stack: Loaded, name: string): Promise<void> {
  const QueueUrl = stack.queueUrl(name);
  const { sqs } = stack.clients;
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
  );
  if (Messages.length === 0) return;
  const Entries = Messages.map(({ ReceiptHandle }, n) => ({ Id: String(n), ReceiptHandle }));
  await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
}
