import type { Configuration } from "../../config/configuration.ts";
import type { StackFile } from "../../operator/shared/stack-file.ts";
import { isGlob } from "../../wire/glob.ts";
import { UNROUTED } from "../../wire/names.ts";
import type { JoinIn } from "./display/join-in.ts";
import { configuredDatabases } from "./source/accounts.ts";
import { queuesByEnvironment } from "./request/queues-by-environment.ts";
import type { LocatedQueue, StackParts } from "./running/stack-parts.ts";
import type { LocalTopology } from "./template/local-topology.ts";

/** The environment queues that the template has created. */
export function locatedQueues(config: Configuration, topology: LocalTopology): LocatedQueue[] {
  return queuesByEnvironment(config).flatMap((queue) => {
    const located = topology.queues.get(queue.queueName);
    return located === undefined ? [] : [{ ...queue, url: located.url }];
  });
}

/** The contents of stack.json. */
export function stackFile(
  { config, source, aws, topology, queues }: StackParts,
  processes: Readonly<Record<string, number>>,
  page: string,
): StackFile {
  const { host, port, administrator, accounts } = source;
  const names = [...Object.keys(config.environments), UNROUTED];
  const environments = names.map((name): [string, StackFile["environments"][string]] => [
    name,
    {
      users: accounts
        .filter(({ environment }) => environment === name)
        .map(({ user, password }) => ({ user, password })),
      queues: Object.fromEntries(
        queues
          .filter(({ environment }) => environment === name)
          .map(({ subscriber, url }) => [subscriber, url]),
      ),
    },
  ]);
  return {
    ready: true,
    mysql: { host, port, ...administrator },
    aws: {
      region: aws.region,
      // Copied field by field, because the SDK adds fields of its own to a credentials object.
      accessKeyId: aws.credentials.accessKeyId,
      secretAccessKey: aws.credentials.secretAccessKey,
      sqsEndpoint: aws.endpoints.sqs,
      dynamodbEndpoint: aws.endpoints.dynamodb,
      s3Endpoint: aws.endpoints.s3,
      secretsManagerEndpoint: aws.endpoints.secretsManager,
    },
    environments: Object.fromEntries(environments),
    tables: topology.tables,
    payloadBucket: topology.outputs["PayloadBucket"] ?? "",
    parts: { reader: topology.reader.environment, route: topology.route.environment },
    page,
    processes,
  };
}

/** What a person needs to take part in the running stack by hand. */
export function joinIn({ config, source, aws, queues }: StackParts, stackFilePath: string): JoinIn {
  const databases = configuredDatabases(config.source.tables);
  return {
    mysql: { host: source.host, port: source.port },
    mysqlClient: source.client,
    database: databases.find((name) => !isGlob(name)) ?? null,
    accounts: source.accounts,
    region: aws.region,
    credentials: aws.credentials,
    sqsEndpoint: aws.endpoints.sqs,
    queueUrl: queues[0]?.url ?? null,
    stackFile: stackFilePath,
  };
}
