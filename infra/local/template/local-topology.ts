/** What was provisioned, and how the template says that the parts run. Everything in it comes from the template. */
export interface LocalTopology {
  readonly stackName: string;
  /** Every queue, dead-letter queues included, by its name. */
  readonly queues: ReadonlyMap<string, LocalQueue>;
  /** The stack's outputs: `OffsetsTable`, `FailuresTable`, `SessionsTable`, `PayloadBucket`, `RawQueueUrl`, … */
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
