import { GetQueueAttributesCommand, QueueDoesNotExist, type SQSClient } from "@aws-sdk/client-sqs";
import { join } from "node:path";
import { payloadBucket } from "../../functions/aws/payload-bucket.ts";
import { bodyStore } from "../../functions/failures/body-store.ts";
import type { AwsClients } from "@binlog-router/local-aws/clients";
import { Demonstration } from "./demo/demonstration.ts";
import type { DemonstrationPlan } from "./demo/demonstration-plan.ts";
import { parkedMarks } from "./demo/parked-marks.ts";
import { parkedRecords } from "./running/failure-records.ts";
import type { StackParts } from "./running/stack-parts.ts";

/** Starts the demonstration of a plan on a stack whose parts run. */
export function startDemonstration(
  plan: DemonstrationPlan,
  { config, source, aws, topology, queues }: StackParts,
  watching: {
    readonly clients: AwsClients;
    readonly logDirectory: string;
    readonly onProblem: (error: unknown) => void;
    readonly earlierStarts: number;
  },
): Promise<Demonstration> {
  const { host, port } = source;
  const { clients, logDirectory, onProblem, earlierStarts } = watching;
  const bodies = bodyStore(payloadBucket(clients.s3, topology.outputs["PayloadBucket"] ?? ""));
  return Demonstration.start({
    accounts: plan.accounts.flatMap(({ environment, user }) => {
      const account = source.accounts.find((one) => one.user === user);
      return account === undefined
        ? []
        : [{ environment, host, port, user, password: account.password }];
    }),
    streams: plan.streams,
    earlierStarts,
    environment: { ...aws.environment(), BINLOG_ROUTER_SOURCE: config.name },
    logFile: (environment) => join(logDirectory, `${environment}-application.log`),
    parkedMarks: async () =>
      parkedMarks(await parkedRecords(clients.dynamodb, topology.tables.failures), bodies),
    messagesUnderWay: async () => {
      const urls = [topology.route.eventSource.queueUrl, ...queues.map(({ url }) => url)];
      const lengths = await Promise.all(urls.map((url) => queueLength(clients.sqs, url)));
      return lengths.reduce((sum, length) => sum + length, 0);
    },
    onProblem,
  });
}

const COUNTS = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
] as const;

/** How many messages are in a queue, including those in flight; 0 when the queue was deleted. */
async function queueLength(sqs: SQSClient, queueUrl: string): Promise<number> {
  try {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...COUNTS] }),
    );
    return COUNTS.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
  } catch (error) {
    if (error instanceof QueueDoesNotExist) return 0;
    throw error;
  }
}
