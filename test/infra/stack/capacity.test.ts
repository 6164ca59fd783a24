import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  alarmCount,
  messagePerChangeCost,
  routerCost,
  total,
} from "../../bench/capacity/cost-model.ts";
import { delayed } from "../../bench/capacity/delayed.ts";
import {
  measurementSchema,
  pointFor,
  type MeasuredPoint,
} from "../../bench/capacity/measurement.ts";
import { capacityTables, DEPLOYMENT } from "../../bench/capacity/document.ts";
import { PRICES } from "../../bench/capacity/prices.ts";
import { costTable } from "../../bench/capacity/table.ts";
import { withTables } from "../../bench/tables.ts";
import { REPOSITORY_ROOT } from "../../../infra/stack/resources/repository-root.ts";
import { exampleTemplate } from "../../support/example-stack.ts";

const deployment = DEPLOYMENT;

/** A million changes in frames of 1,000; the messages of each frame have 100 KB. */
const million: MeasuredPoint = {
  changesPerSecond: 1000,
  changes: 1_000_000,
  raw: { sends: 1000, receives: 1000, deletes: 1000, bytes: 1e8 },
  environments: { sends: 1000, receives: 1000, deletes: 1000, bytes: 1e8 },
  dynamodb: { reads: 1000, writes: 1000 },
  route: { invocations: 1000, milliseconds: 100_000 },
};

/** The rate, in changes a second, of a million changes a month. */
const MILLION_A_MONTH = 1_000_000 / (730 * 3600);

describe("the monthly cost", () => {
  it("counts every 64 KiB of a message on its way in and out", () => {
    const { sqs } = routerCost(million, MILLION_A_MONTH, deployment, PRICES);
    // SQS bills 100 KB as two requests: 2 to send, 2 to receive and 1 to delete, for the raw queue
    // and for each of two subscribers.
    expect(sqs).toBeCloseTo(1000 * 5 * 3 * PRICES.sqsRequest);
  });

  it("has the functions by request and by gigabyte and second, DynamoDB by unit", () => {
    const bill = routerCost(million, MILLION_A_MONTH, deployment, PRICES);
    expect(bill.lambda).toBeCloseTo(1000 * PRICES.lambdaRequest + 140 * PRICES.lambdaGbSecond);
    expect(bill.dynamodb).toBeCloseTo(1000 * (PRICES.dynamodbReadUnit + PRICES.dynamodbWriteUnit));
  });

  it("has the reader whether there is load or not", () => {
    const idle = routerCost(million, 0, deployment, PRICES);
    expect(idle.fargate).toBeCloseTo(
      2 * 730 * (0.5 * PRICES.fargateVcpuHour + PRICES.fargateGbHour),
    );
    expect(total(idle)).toBeCloseTo(idle.fargate + idle.cloudwatch);
  });

  it("has the functions' logs, by invocation", () => {
    const [idle, busy] = [0, MILLION_A_MONTH].map((rate) =>
      routerCost(million, rate, deployment, PRICES),
    );
    expect(Number(busy?.cloudwatch) - Number(idle?.cloudwatch)).toBeCloseTo(
      (1000 * 1230 * PRICES.logGb) / 1e9,
      6,
    );
  });

  it("counts as many messages as changes when each change is a message", () => {
    const { sqs } = messagePerChangeCost(million, MILLION_A_MONTH, deployment, PRICES);
    expect(sqs).toBeCloseTo(1_000_000 * 1.2 * 3 * PRICES.sqsRequest);
  });
});

describe("a rate", () => {
  const points = [{ ...million, changesPerSecond: 100 }, million];

  it("is computed from the fastest measurement that is not faster", () => {
    expect(pointFor({ points }, 10_000).changesPerSecond).toBe(1000);
    expect(pointFor({ points }, 999).changesPerSecond).toBe(100);
  });

  it("is computed from the slowest measurement for a lower rate", () => {
    expect(pointFor({ points }, 1).changesPerSecond).toBe(100);
  });
});

describe("the table", () => {
  it("has each rate twice", () => {
    const table = costTable(
      { measured: "Here.", change: "A row.", points: [million] },
      deployment,
      PRICES,
    );
    const rows = table.split("\n").filter((line) => /^\| [\d,]+ \||one message/.test(line));
    expect(rows).toHaveLength(8);
  });

  it("is in docs/capacity.md as it is computed now (npm run capacity -- --write)", () => {
    const measurement = measurementSchema.parse(JSON.parse(pageOf("capacity-measured.json")));
    const page = pageOf("capacity.md");
    const computed = withTables(page, capacityTables(measurement, DEPLOYMENT));
    expect(words(page)).toEqual(words(computed));
  });

  it("counts the alarms that the stack has", () => {
    exampleTemplate().resourceCountIs("AWS::CloudWatch::Alarm", alarmCount(8));
  });
});

function pageOf(name: string): string {
  return readFileSync(join(REPOSITORY_ROOT, "docs", name), "utf8");
}

/** A page's words, without line breaks and the padding of tables. */
function words(markdown: string): string[] {
  return markdown.split(/[\s|:-]+/);
}

describe("another delay", () => {
  /** Ten seconds of 100 changes a second, in 500 frames. */
  const point: MeasuredPoint = {
    changesPerSecond: 100,
    changes: 1000,
    raw: { sends: 500, receives: 500, deletes: 500, bytes: 500_000 },
    environments: { sends: 500, receives: 500, deletes: 500, bytes: 500_000 },
    dynamodb: { reads: 500, writes: 500 },
    route: { invocations: 500, milliseconds: 2520 },
  };

  it("makes one frame for each delay, and fewer requests and invocations", () => {
    const { raw, environments, dynamodb, route } = delayed(point, 1000);
    for (const { sends, receives, deletes } of [raw, environments])
      expect([sends, receives, deletes]).toEqual([10, 10, 10]);
    expect(dynamodb).toEqual({ reads: 10, writes: 10 });
    expect(route).toEqual({ invocations: 10, milliseconds: 70 });
  });

  it("makes no more frames than there are changes", () => {
    expect(delayed(point, 5).raw.sends).toBe(1000);
  });

  it("makes further frames and messages for changes that do not fit into one", () => {
    const large = { ...point, environments: { ...point.environments, bytes: 720 * 1024 * 50 } };
    expect(delayed(large, 10_000).raw.sends).toBe(50);
  });
});
