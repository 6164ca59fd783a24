import type { AlarmDefinition, Widget } from "@binlog-router/local-aws/cloudwatch";

/**
 * What was provisioned, and how the template says that the parts run. Everything in it comes from
 * the template.
 */
export interface LocalTopology {
  readonly stackName: string;
  /** Every queue, dead-letter queues included, by its name. */
  readonly queues: ReadonlyMap<string, LocalQueue>;
  /**
   * The stack's outputs: `OffsetsTable`, `FailuresTable`, `SessionsTable`, `PayloadBucket`,
   * `RawQueueUrl`, …
   */
  readonly outputs: Readonly<Record<string, string>>;
  readonly tables: {
    readonly offsets: string;
    readonly sessions: string;
    readonly failures: string;
  };
  readonly reader: LocalReader;
  readonly route: LocalFunctionSettings & { readonly eventSource: LocalEventSource };
  /** Milliseconds between two runs. */
  readonly retry: LocalFunctionSettings & { readonly periodMs: number };
  /** Null where the configuration has none. */
  readonly canary: (LocalFunctionSettings & { readonly periodMs: number }) | null;
  readonly monitoring: LocalMonitoring;
}

/** How the template watches the parts, and the names by which its metrics know them. */
export interface LocalMonitoring {
  readonly alarms: readonly AlarmDefinition[];
  /** Of the dashboard, from top to bottom. */
  readonly widgets: readonly Widget[];
  /** Lambda's names of the functions. */
  readonly functions: { readonly route: string; readonly retry: string };
  readonly service: {
    readonly cluster: string;
    readonly name: string;
    /** What one task has: 1024 units are one processor. */
    readonly cpuUnits: number;
    readonly memoryMb: number;
  };
}

export interface LocalQueue {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
}

interface LocalPart {
  /** The source file that it runs, an absolute path. */
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface LocalReader extends LocalPart {
  /** From SIGTERM to SIGKILL. */
  readonly stopTimeoutMs: number;
}

export interface LocalFunctionSettings extends LocalPart {
  readonly timeoutMs: number;
  readonly memoryMb: number;
}

interface LocalEventSource {
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly batchSize: number;
  /** How many invocations may run at the same time. */
  readonly concurrency: number;
  readonly reportsBatchItemFailures: boolean;
}
