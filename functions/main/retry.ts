import { Logger } from "@aws-lambda-powertools/logger";
import { functionClients } from "../aws/clients.ts";
import { fixedPatience } from "../delivery/patience.ts";
import { embeddedMetrics } from "../ground/metrics.ts";
import { runtime } from "./runtime.ts";
import { parseFunctionSettings } from "./settings.ts";
import { startFilterSecret, withFilterSecret } from "./with-filter-secret.ts";
import { RETRY_PATIENCE_MS, retryHandler } from "../retry/retry-handler.ts";

const patience = fixedPatience(RETRY_PATIENCE_MS);
const settings = parseFunctionSettings(process.env);
const logger = new Logger({ serviceName: "retry" });
const filterSecret = await startFilterSecret(settings.filterSecretArn, logger);

export const handler = withFilterSecret(
  filterSecret,
  retryHandler({
    runtime: runtime({ settings, clients: functionClients("retry"), filterSecret, patience }),
    logger,
    metrics: embeddedMetrics(settings.source),
  }),
);
