import {
  messagePerChangeCost,
  routerCost,
  total,
  type Deployment,
  type MonthlyCost,
} from "./cost-model.ts";
import { delayed } from "./delayed.ts";
import { pointFor, type Measurement } from "./measurement.ts";
import type { Prices } from "./prices.ts";

const RATES = [100, 1000, 10_000, 100_000];

const DELAYS_MS = [5, 20, 200, 1000, 10_000];
const DELAYED_RATES = [100, 1000];

const COLUMNS = ["sqs", "lambda", "dynamodb", "fargate", "network", "cloudwatch"] as const;

/**
 * The cost table of docs/capacity.md in Markdown. Each rate has two rows: the router, and one
 * message for each change.
 */
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

/**
 * The table of the cost by `delivery.delayMs`, computed from the measurements at 20 ms, the former
 * default.
 */
export function delayTable(
  measurement: Measurement,
  deployment: Deployment,
  prices: Prices,
): string {
  const rows = DELAYS_MS.flatMap((delayMs) =>
    DELAYED_RATES.map((rate) => {
      const point = delayed(pointFor(measurement, rate), delayMs);
      const bill = routerCost(point, rate, deployment, prices);
      const frames = ((point.raw.sends / point.changes) * rate).toFixed(1);
      const [delay, changes] = [delayMs, rate].map((value) => value.toLocaleString("en-US"));
      return `| ${delay} | ${changes} | ${frames} | ${cellsOf(bill).join(" | ")} |`;
    }),
  );
  return [
    `| \`delayMs\` | changes/s | frames/s | ${COLUMNS.join(" | ")} | total |`,
    `| ---: | ---: | ---: | ${COLUMNS.map(() => "---:").join(" | ")} | ---: |`,
    ...rows,
  ].join("\n");
}

function row(rate: string, way: string, bill: MonthlyCost): string {
  return `| ${rate} | ${way} | ${cellsOf(bill).join(" | ")} |`;
}

function cellsOf(bill: MonthlyCost): string[] {
  return [...COLUMNS.map((column) => bill[column]), total(bill)].map(dollars);
}

function dollars(amount: number): string {
  const digits = amount < 100 ? 2 : 0;
  return amount.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
