import type { AlarmDefinition, Widget } from "@binlog-router/local-aws/cloudwatch";

/**
 * The created resources, and how the parts are to run. Everything in it comes from the template.
 */
export interface LocalTopology {
  readonly stackName: string;
  /** All queues by name, including dead-letter queues. */
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
  /** `periodMs`: the time between two runs. */
  readonly retry: LocalFunctionSettings & { readonly periodMs: number };
  /** Null when the configuration has no canary. */
  readonly canary: (LocalFunctionSettings & { readonly periodMs: number }) | null;
  readonly monitoring: LocalMonitoring;
}

/** The template's alarms and dashboard, and the names of the parts in their metrics. */
export interface LocalMonitoring {
  readonly alarms: readonly AlarmDefinition[];
  /** The dashboard's widgets, from top to bottom. */
  readonly widgets: readonly Widget[];
  /** The functions' names in Lambda. */
  readonly functions: { readonly route: string; readonly retry: string };
  readonly service: {
    readonly cluster: string;
    readonly name: string;
    /** The processor units of one task; 1024 units are one processor. */
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
  /** The absolute path of the part's source file. */
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface LocalReader extends LocalPart {
  /** The time from SIGTERM to SIGKILL. */
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
