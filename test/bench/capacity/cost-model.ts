import type { MeasuredPoint } from "./measurement.ts";
import type { Prices } from "./prices.ts";
import { READER_METRICS, RETRY_METRICS, ROUTE_METRICS } from "../../../wire/metrics.ts";

/** Dollars a month by service. */
export interface MonthlyCost {
  readonly sqs: number;
  readonly lambda: number;
  readonly dynamodb: number;
  readonly fargate: number;
  readonly network: number;
  readonly cloudwatch: number;
}

/** The parameters of a bill besides the load. */
export interface Deployment {
  readonly environments: number;
  readonly subscribers: number;
  /** The size of each of the reader's two tasks, and the memory of the route function. */
  readonly taskVcpu: number;
  readonly taskGb: number;
  readonly functionGb: number;
}

/** Requests and bytes per change. */
type PerChange = Omit<MeasuredPoint, "changesPerSecond" | "changes">;

const SECONDS_PER_MONTH = 730 * 3600;
const SQS_CHUNK_BYTES = 64 * 1024;
const SQS_BATCH = 10;
const READER_TASKS = 2;
/**
 * Assumed waiting time of an invocation, ms: it reads a position, sends, and writes a position, one
 * after the other, within a region.
 */
const ASSUMED_WAIT_MS = 40;
/** Log bytes of an invocation: its own lines with its metrics (830), and Lambda's (400). */
const LOG_BYTES_PER_INVOCATION = 1230;
/** The metrics of ECS Container Insights: of the cluster, of the service and of the task family. */
const CONTAINER_METRICS = 40;

/** The monthly cost of the router at a steady rate. */
export function routerCost(
  point: MeasuredPoint,
  changesPerSecond: number,
  deployment: Deployment,
  prices: Prices,
): MonthlyCost {
  return cost(perChange(point), changesPerSecond, deployment, prices);
}

/**
 * The monthly cost of the same path with one message for each change, as the usual binlog-to-queue
 * tools send it. Both queues then get as many messages as there are changes. These are received,
 * deleted and handled as often as measured, but in batches of at most ten, with one DynamoDB read
 * and one write for each batch. The function's time is the measured one, which favours this side.
 */
export function messagePerChangeCost(
  point: MeasuredPoint,
  changesPerSecond: number,
  deployment: Deployment,
  prices: Prices,
): MonthlyCost {
  const { raw, environments, route } = perChange(point);
  const invocations = inBatches(route.invocations);
  const calls = {
    raw: single(raw),
    environments: single(environments),
    dynamodb: { reads: invocations, writes: invocations },
    route: { invocations, milliseconds: route.milliseconds },
  };
  return cost(calls, changesPerSecond, deployment, prices);
}

function single({ receives, deletes, bytes }: PerChange["raw"]): PerChange["raw"] {
  return { sends: 1, receives: inBatches(receives), deletes: inBatches(deletes), bytes };
}

function inBatches(measured: number): number {
  return Math.max(measured, 1 / SQS_BATCH);
}

/** The sum of a bill, dollars a month. */
export function total(bill: MonthlyCost): number {
  return Object.values(bill).reduce<number>((sum, dollars) => sum + Number(dollars), 0);
}

function cost(
  calls: PerChange,
  changesPerSecond: number,
  deployment: Deployment,
  prices: Prices,
): MonthlyCost {
  const changes = changesPerSecond * SECONDS_PER_MONTH;
  const { environments, subscribers, taskVcpu, taskGb, functionGb } = deployment;
  const { invocations, milliseconds } = calls.route;
  const gbSeconds = ((milliseconds + invocations * ASSUMED_WAIT_MS) / 1000) * functionGb;
  const fargateHours = READER_TASKS * (SECONDS_PER_MONTH / 3600);
  return {
    sqs:
      changes *
      (billedRequests(calls.raw) + subscribers * billedRequests(calls.environments)) *
      prices.sqsRequest,
    lambda: changes * (invocations * prices.lambdaRequest + gbSeconds * prices.lambdaGbSecond),
    dynamodb:
      changes *
      (calls.dynamodb.reads * prices.dynamodbReadUnit +
        calls.dynamodb.writes * prices.dynamodbWriteUnit),
    fargate: fargateHours * (taskVcpu * prices.fargateVcpuHour + taskGb * prices.fargateGbHour),
    network: (changes * calls.raw.bytes * prices.endpointGb) / 1e9,
    cloudwatch:
      alarmCount(environments * subscribers) * prices.alarmMonth +
      (metricCount(environments) + CONTAINER_METRICS) * prices.metricMonth +
      prices.dashboardMonth +
      (changes * invocations * LOG_BYTES_PER_INVOCATION * prices.logGb) / 1e9,
  };
}

/** SQS bills every 64 KiB of a body as a request, both when sent and when received. */
function billedRequests({ sends, receives, deletes, bytes }: PerChange["raw"]): number {
  return chunked(sends, bytes) + chunked(receives, bytes) + deletes;
}

function chunked(requests: number, bytes: number): number {
  return requests === 0 ? 0 : requests * Math.max(1, Math.ceil(bytes / requests / SQS_CHUNK_BYTES));
}

function perChange({ changes, raw, environments, dynamodb, route }: MeasuredPoint): PerChange {
  const share = <Counts extends Readonly<Record<string, number>>>(counts: Counts): Counts =>
    Object.fromEntries(
      Object.entries(counts).map(([name, value]) => [name, value / changes]),
    ) as Counts;
  return {
    raw: share(raw),
    environments: share(environments),
    dynamodb: share(dynamodb),
    route: share(route),
  };
}

/** The number of the stack's alarms (`infra/stack/monitoring/alarms.ts`). */
export function alarmCount(queues: number): number {
  return 26 + 2 * queues;
}

/** The ways of attribution that one stack uses; each has its own metric. */
const ATTRIBUTIONS_IN_USE = 6;

/** The number of metrics that the parts write, without the canary's: it is off by default. */
function metricCount(environments: number): number {
  const { changesRouted, delay, changesAttributed, ...others } = ROUTE_METRICS;
  const ofEachEnvironment = [changesRouted, delay].length;
  const ofEachAttribution = [changesAttributed].length;
  return (
    [READER_METRICS, others, RETRY_METRICS].flatMap((metrics) => Object.keys(metrics)).length +
    ofEachEnvironment * environments +
    ofEachAttribution * ATTRIBUTIONS_IN_USE
  );
}
