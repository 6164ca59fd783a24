import { setTimeout as delay } from "node:timers/promises";
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import type { LocalAws } from "@binlog-router/local-aws";
import type { AwsClients } from "@binlog-router/local-aws/clients";
import { inBackground } from "../../../../infra/local/process/background.ts";

/** Queues of the parts themselves, and those of which nobody takes anything. */
const NOT_OF_APPLICATIONS = /-raw\.fifo$|-dead\.fifo$|router-canary/;

/** What a load works on. */
interface Loaded {
  readonly aws: LocalAws;
  readonly clients: AwsClients;
  /** Queues whose application does not run, by name. */
  readonly asleep: ReadonlySet<string>;
  /** Whether staging writes a row again and again. */
  readonly isWriting: boolean;
  queueUrl(name: string): string;
  write(): Promise<void>;
}

/** The applications of all environments, which take what comes, but for `stack.asleep`. */
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

/** Staging's orders, while `stack.isWriting`. */
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
