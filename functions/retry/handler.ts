import { Logger } from "@aws-lambda-powertools/logger";
import { functionClients } from "../aws/clients.ts";
import { embeddedMetrics } from "../metrics.ts";
import { PATIENCE_MS, runtime } from "../runtime.ts";
import { parseFunctionSettings } from "../settings.ts";
import { retryHandler } from "./retry-handler.ts";

const patienceMs = PATIENCE_MS.retry;
const settings = parseFunctionSettings(process.env);

export const handler = retryHandler({
  runtime: runtime({ settings, clients: functionClients(patienceMs), patienceMs }),
  logger: new Logger({ serviceName: "retry" }),
  metrics: embeddedMetrics(settings.source),
});
