import { Logger } from "@aws-lambda-powertools/logger";
import { functionClients } from "../aws/clients.ts";
import { readFilterSecret } from "../aws/filter-secret.ts";
import { fixedPatience, RelativePatience } from "../delivery/patience.ts";
import { embeddedMetrics } from "../ground/metrics.ts";
import { runtime } from "./runtime.ts";
import { parseFunctionSettings } from "./settings.ts";
import { routeHandler } from "../route/route-handler.ts";

const settings = parseFunctionSettings(process.env);
const { patienceMs } = settings;
const patience = patienceMs === null ? new RelativePatience() : fixedPatience(patienceMs);
const filterSecret = await readFilterSecret(settings.filterSecretArn);

export const handler = routeHandler({
  runtime: runtime({
    settings,
    clients: functionClients("route", patienceMs ?? undefined),
    filterSecret,
    patience,
  }),
  logger: new Logger({ serviceName: "route" }),
  metrics: embeddedMetrics(settings.source),
});
