import type { JsonObject } from "../../http/aws-json.ts";
import type { AwsError, AwsRequest, AwsResponse } from "../../http/aws-service.ts";
import { formOfError } from "../queues/errors.ts";

/**
 * One of the two protocols that SQS speaks. Inside, calls and answers have the form of the JSON
 * protocol.
 */
export interface Protocol {
  parse(request: AwsRequest): { readonly action: string; readonly input: JsonObject };
  succeed(action: string, output: JsonObject): AwsResponse;
  fail(failure: Failure): AwsResponse;
}

/** An error as both protocols need it. */
export interface Failure extends AwsError {
  /**
   * The exception's name in the JSON protocol, with its namespace; `code` is the one of the query
   * protocol.
   */
  readonly type: string;
  /** Whose fault it was. */
  readonly culprit: "Sender" | "Receiver";
}

/**
 * An error by its name or either of its codes; one that SQS does not have keeps the name that it
 * was given.
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
