import { Logger } from "@aws-lambda-powertools/logger";
import { functionClients } from "../aws/clients.ts";
import { embeddedMetrics } from "../metrics.ts";
import { PATIENCE_MS, runtime } from "../runtime.ts";
import { parseFunctionSettings } from "../settings.ts";
import { routeHandler } from "./route-handler.ts";

const patienceMs = PATIENCE_MS.route;
const settings = parseFunctionSettings(process.env);

export const handler = routeHandler({
  runtime: runtime({ settings, clients: functionClients(patienceMs), patienceMs }),
  logger: new Logger({ serviceName: "route" }),
  metrics: embeddedMetrics(settings.source),
});
