import type { JsonObject } from "../../http/aws-json.ts";
import type { AwsError, AwsRequest, AwsResponse } from "../../http/aws-service.ts";
import { formOfError } from "../queues/errors.ts";

/** One of SQS's two protocols. Inputs and outputs have the form of the JSON protocol. */
export interface Protocol {
  parse(request: AwsRequest): { readonly action: string; readonly input: JsonObject };
  succeed(action: string, output: JsonObject): AwsResponse;
  fail(failure: Failure): AwsResponse;
}

/** An error with the fields that the protocols need. */
export interface Failure extends AwsError {
  /**
   * The exception's name in the JSON protocol, with its namespace. `code` is its code in the query
   * protocol.
   */
  readonly type: string;
  /** Who caused the error. */
  readonly culprit: "Sender" | "Receiver";
}

/**
 * Completes an error from its name or either of its codes. A name that SQS does not have stays
 * unchanged.
 */
export function failureOf(error: AwsError): Failure {
  const form = formOfError(error.code);
  const namespace = form?.namespace ?? "com.amazon.coral.service";
  return {
    type: `${namespace}#${form?.type ?? error.code}`,
    code: form?.code ?? error.code,
    status: error.status,
    message: error.message,
    culprit: error.status < 500 ? "Sender" : "Receiver",
  };
}
