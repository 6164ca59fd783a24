import type { IncomingHttpHeaders } from "node:http";

export type ServiceName = "sqs" | "dynamodb" | "secretsManager" | "s3";

/** What the listener asks of a service. */
export interface AwsService {
  readonly name: ServiceName;
  /**
   * The call that a request makes. Never throws: a request that makes no sense is a call that
   * answers with an error.
   */
  open(request: AwsRequest): AwsCall;
}

export interface AwsRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface AwsCall {
  /** The operation's name in the API, such as `SendMessage`. */
  readonly action: string;
  /** The queue, table, secret or bucket that it concerns, by name. */
  readonly resource: string | undefined;
  /** Does what is asked. */
  answer(context: CallContext): AwsResponse | Promise<AwsResponse>;
  /** An error, in the format that the caller understands. */
  refuse(error: AwsError): AwsResponse;
}

export interface CallContext {
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  /**
   * The error with which a fault makes an entry of a batch fail, by the entry's place; undefined
   * for most.
   */
  readonly failedEntry: (index: number) => AwsError | undefined;
}

export interface AwsResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface AwsError {
  readonly code: string;
  readonly status: number;
  readonly message: string;
}
