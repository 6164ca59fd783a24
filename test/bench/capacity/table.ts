import {
  messagePerChangeCost,
  routerCost,
  total,
  type Deployment,
  type MonthlyCost,
} from "./cost-model.ts";
import { pointFor, type Measurement } from "./measurement.ts";
import type { Prices } from "./prices.ts";

const RATES = [100, 1000, 10_000, 100_000];

const COLUMNS = ["sqs", "lambda", "dynamodb", "fargate", "network", "cloudwatch"] as const;

/** The cost table of docs/capacity.md in Markdown: each rate twice, as the router works and with one message for each change. */
export function costTable(
  measurement: Measurement,
  deployment: Deployment,
  prices: Prices,
): string {
  const rows = RATES.flatMap((rate) => {
    const point = pointFor(measurement, rate);
    const router = routerCost(point, rate, deployment, prices);
    const single = messagePerChangeCost(point, rate, deployment, prices);
    return [
      row(rate.toLocaleString("en-US"), "binlog-router", router),
      row("", "one message per change", single),
    ];
  });
  const { environments, subscribers, taskVcpu, taskGb, functionGb } = deployment;
  return [
    `Measured: ${measurement.measured} A change: ${measurement.change}`,
    "",
    `Deployment: ${environments} environments, ${subscribers} subscribers to every change; reader 2 × ${taskVcpu} vCPU and ${taskGb} GB, route function ${functionGb} GB. US dollars a month.`,
    "",
    `| changes/s | | ${COLUMNS.join(" | ")} | total |`,
    `| ---: | --- | ${COLUMNS.map(() => "---:").join(" | ")} | ---: |`,
    ...rows,
  ].join("\n");
}

function row(rate: string, way: string, bill: MonthlyCost): string {
  const cells = [...COLUMNS.map((column) => bill[column]), total(bill)].map(dollars);
  return `| ${rate} | ${way} | ${cells.join(" | ")} |`;
}

function dollars(amount: number): string {
  const digits = amount < 100 ? 2 : 0;
  return amount.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
