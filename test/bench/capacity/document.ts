import type { Deployment } from "./cost-model.ts";
import type { Measurement } from "./measurement.ts";
import { PRICES } from "./prices.ts";
import { costTable, delayTable } from "./table.ts";

/** The deployment that docs/capacity.md computes with. */
export const DEPLOYMENT: Deployment = {
  environments: 4,
  subscribers: 2,
  taskVcpu: 0.5,
  taskGb: 1,
  functionGb: 1,
};

/** The computed tables of docs/capacity.md by their names in the page's markers. */
export function capacityTables(
  measurement: Measurement,
  deployment: Deployment,
): Readonly<Record<string, string>> {
  return {
    "cost table": costTable(measurement, deployment, PRICES),
    "delay table": delayTable(measurement, deployment, PRICES),
  };
}
