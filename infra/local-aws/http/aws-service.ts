import type { IncomingHttpHeaders } from "node:http";

export type ServiceName = "sqs" | "dynamodb" | "secretsManager" | "s3";

/** The interface between the listener and a service. */
export interface AwsService {
  readonly name: ServiceName;
  /** Parses a request. Never throws: for an invalid request, `answer` returns an error. */
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
  /** The name of the queue, table, secret or bucket that the call concerns. */
  readonly resource: string | undefined;
  /** Performs the action. */
  answer(context: CallContext): AwsResponse | Promise<AwsResponse>;
  /** Formats an error in the caller's protocol. */
  refuse(error: AwsError): AwsResponse;
}

export interface CallContext {
  /** Aborts when the client closes the connection. */
  readonly signal: AbortSignal;
  /**
   * The error with which a fault makes a batch's entry fail, by the entry's index; undefined for an
   * entry that does not fail.
   */
  readonly failedEntry: (index: number) => AwsError | undefined;
}

export interface AwsResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** An array: the body in parts. */
  readonly body: string | Uint8Array | readonly Uint8Array[];
  /** Called when the body has been written, and never when it could not be. */
  readonly written?: () => void;
}

export interface AwsError {
  readonly code: string;
  readonly status: number;
  readonly message: string;
}
