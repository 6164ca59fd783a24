import { Logger } from "@aws-lambda-powertools/logger";
import { functionClients } from "../aws/clients.ts";
import { fixedPatience, RelativePatience } from "../delivery/patience.ts";
import { embeddedMetrics } from "../ground/metrics.ts";
import { limitHeapGrowth } from "./heap-growth.ts";
import { runtime } from "./runtime.ts";
import { parseFunctionSettings } from "./settings.ts";
import { startFilterSecret, withFilterSecret } from "./with-filter-secret.ts";
import { routeHandler } from "../route/route-handler.ts";

limitHeapGrowth();
const settings = parseFunctionSettings(process.env);
const { patienceMs } = settings;
const patience = patienceMs === null ? new RelativePatience() : fixedPatience(patienceMs);
const logger = new Logger({ serviceName: "route" });
const filterSecret = await startFilterSecret(settings.filterSecretArn, logger);

export const handler = withFilterSecret(
  filterSecret,
  routeHandler({
    runtime: runtime({
      settings,
      clients: functionClients("route", patienceMs ?? undefined),
      filterSecret,
      patience,
    }),
    logger,
    metrics: embeddedMetrics(settings.source),
  }),
);
