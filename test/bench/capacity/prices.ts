/**
 * AWS's list prices of us-east-1 in US dollars, without free tiers and discounts. They are input of
 * the cost table; replace them by those of your region. Looked up in November 2026 at
 * aws.amazon.com/{sqs,lambda,dynamodb,fargate,s3,cloudwatch}/pricing.
 */
export const PRICES = {
  /** FIFO; each 64 KiB of payload counts as a request. */
  sqsRequest: 0.5 / 1e6,
  lambdaRequest: 0.2 / 1e6,
  /** ARM, per gigabyte of memory and second. */
  lambdaGbSecond: 0.0000133334,
  /** On-demand capacity. */
  dynamodbWriteUnit: 0.625 / 1e6,
  dynamodbReadUnit: 0.125 / 1e6,
  /** ARM. */
  fargateVcpuHour: 0.03238,
  fargateGbHour: 0.00356,
  /** Data through an interface endpoint; the reader's frames go to SQS through one. */
  endpointGb: 0.01,
  alarmMonth: 0.1,
  metricMonth: 0.3,
  dashboardMonth: 3,
  /** Ingestion, and storage for a month. */
  logGb: 0.53,
} as const;

export type Prices = Readonly<Record<keyof typeof PRICES, number>>;
