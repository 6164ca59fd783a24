import type { AwsError, AwsRequest, AwsResponse } from "./aws-service.ts";

/** An object of the AWS JSON protocols. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A request of an AWS JSON protocol: the action from the header `x-amz-target: <service>.<action>`,
 * and a JSON object.
 */
export interface JsonCall {
  readonly action: string;
  /** Undefined when the body is not a JSON object. */
  readonly input: JsonObject | undefined;
}

export function parseJsonCall(request: AwsRequest): JsonCall {
  const { body } = request;
  return {
    action: actionOf(request),
    input: body.length === 0 ? {} : parseObject(body.toString()),
  };
}

export function actionOf({ headers }: AwsRequest): string {
  const target = headers["x-amz-target"];
  return typeof target === "string" ? target.slice(target.lastIndexOf(".") + 1) : "";
}

export function jsonResponse(
  version: "1.0" | "1.1",
  status: number,
  body: JsonObject,
  headers: Readonly<Record<string, string>> = {},
): AwsResponse {
  return {
    status,
    headers: { "content-type": `application/x-amz-json-${version}`, ...headers },
    body: JSON.stringify(body),
  };
}

/**
 * An error of a service that uses plain AWS JSON. The SDK takes the exception's class from the text
 * after `#`.
 */
export function jsonError(version: "1.0" | "1.1", namespace: string, error: AwsError): AwsResponse {
  return jsonResponse(version, error.status, {
    __type: `${namespace}#${error.code}`,
    message: error.message,
  });
}

/** A member's value if it is a text, else undefined. */
export function textOf(input: JsonObject, name: string): string | undefined {
  const value = input[name];
  return typeof value === "string" ? value : undefined;
}

/** Undefined when the text is not a JSON object. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
