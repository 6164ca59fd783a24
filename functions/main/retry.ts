import { Logger } from "@aws-lambda-powertools/logger";
import { functionClients } from "../aws/clients.ts";
import { readFilterSecret } from "../aws/filter-secret.ts";
import { fixedPatience } from "../delivery/patience.ts";
import { embeddedMetrics } from "../ground/metrics.ts";
import { runtime } from "./runtime.ts";
import { parseFunctionSettings } from "./settings.ts";
import { RETRY_PATIENCE_MS, retryHandler } from "../retry/retry-handler.ts";

const patience = fixedPatience(RETRY_PATIENCE_MS);
const settings = parseFunctionSettings(process.env);
const filterSecret = await readFilterSecret(settings.filterSecretArn);

export const handler = retryHandler({
  runtime: runtime({ settings, clients: functionClients("retry"), filterSecret, patience }),
  logger: new Logger({ serviceName: "retry" }),
  metrics: embeddedMetrics(settings.source),
});
