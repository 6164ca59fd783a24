import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Target } from "../../../operator/shared/target.ts";
import { rawQueueName } from "../../../wire/names.ts";
import { SOURCE } from "./frames.ts";
import type { Stage } from "./stage.ts";

/**
 * A stage as the target of operators' commands. It has its own SQS client, because the functions'
 * client would not wait for a long poll.
 */
export function targetOf(stage: Stage): Target {
  const { region, credentials, endpoints } = stage.aws;
  const clients = {
    ...stage.newClients(),
    sqs: new SQSClient({ region, credentials, endpoint: endpoints.sqs }),
    secrets: new SecretsManagerClient({
      region,
      credentials,
      endpoint: endpoints.secretsManager,
    }),
  };
  return {
    ...clients,
    parts: null,
    sourceSecretArn: null,
    filterSecretArn: null,
    offsetsTable: "offsets",
    failuresTable: "failures",
    sessionsTable: "sessions",
    payloadBucket: "payloads",
    rawDeadLetterQueueUrl: stage.queueUrl(rawQueueName(SOURCE).replace(".fifo", "-dead.fifo")),
    [Symbol.dispose]() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}
