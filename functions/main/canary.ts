import { Logger } from "@aws-lambda-powertools/logger";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SQSClient } from "@aws-sdk/client-sqs";
import { canaryHandler } from "../canary/canary-handler.ts";
import { canaryQueue } from "../canary/canary-queue.ts";
import { canaryTable } from "../canary/canary-table.ts";
import { parseCanarySettings } from "../canary/settings.ts";
import { embeddedMetrics } from "../ground/metrics.ts";

const settings = parseCanarySettings(process.env);
const requestHandler = { connectionTimeout: 2000, throwOnRequestTimeout: true };
const secrets = new SecretsManagerClient({
  requestHandler: { ...requestHandler, requestTimeout: 5000 },
});
// The timeout is longer than a long poll.
const sqs = new SQSClient({ requestHandler: { ...requestHandler, requestTimeout: 25_000 } });

export const handler = canaryHandler({
  // The secret is read at every invocation, so that it may rotate.
  connect: async () => {
    const secret = await secrets.send(new GetSecretValueCommand({ SecretId: settings.secretArn }));
    return canaryTable(settings, secret.SecretString ?? "");
  },
  queue: canaryQueue(sqs, settings),
  now: Date.now,
  metrics: embeddedMetrics(settings.source),
  logger: new Logger({ serviceName: "canary" }),
});
