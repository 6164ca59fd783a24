import type { JsonObject } from "../http/aws-json.ts";
import type { Endpoint } from "../http/listen.ts";

/** SQS refused a call, or a fault lost its answer. `code` names the error in the JSON protocol. */
export class CallRefusedError extends Error {
  override readonly name = "CallRefusedError";
  readonly code: string;

  constructor(action: string, code: string, text: string) {
    super(`${action}: ${code}: ${text}`);
    this.code = code;
  }
}

/**
 * Performs an action of SQS without a connection. Throws CallRefusedError, or the signal's error
 * when it aborts during a `delay`.
 */
export async function callSqs(
  endpoint: Pick<Endpoint, "perform">,
  action: string,
  input: JsonObject,
  signal: AbortSignal,
): Promise<JsonObject> {
  const headers = { "x-amz-target": `AmazonSQS.${action}` };
  const body = Buffer.from(JSON.stringify(input));
  const response = await endpoint.perform({ method: "POST", url: "/", headers, body }, signal);
  if (response === "reset")
    throw new CallRefusedError(action, "ECONNRESET", "a fault reset the connection");
  const { body: answer } = response;
  const text = Array.isArray(answer) ? String(Buffer.concat(answer as Uint8Array[])) : answer;
  response.written?.();
  const output = JSON.parse(String(text)) as JsonObject;
  if (response.status === 200) return output;
  const type = String(output["__type"]);
  const code = type.slice(type.lastIndexOf("#") + 1);
  throw new CallRefusedError(action, code, String(output["message"]));
}
