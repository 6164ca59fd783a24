import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Clients } from "../../../functions/aws/clients.ts";

type Handle = SQSClient["config"]["requestHandler"]["handle"];
type Request = Parameters<Handle>[0];
type Response = Awaited<ReturnType<Handle>>;

/**
 * Puts `around` between a client and the network: `send` makes the request. It sees the requests
 * that the SDK makes, also each repetition, and those that are copies of them.
 */
export function aroundRequests(
  client: Clients[keyof Clients],
  around: (request: Request, send: () => Promise<Response>) => Promise<Response>,
): void {
  const { requestHandler } = client.config;
  const handle: Handle = requestHandler.handle.bind(requestHandler);
  requestHandler.handle = (request, options) => around(request, () => handle(request, options));
}

/** The input of an operation of SQS, from the request's body. */
export function inputOf({ body }: Request): Record<string, unknown> {
  const { buffer, byteOffset, byteLength } = body as Uint8Array;
  const bytes = typeof body === "string" ? body : Buffer.from(buffer, byteOffset, byteLength);
  return JSON.parse(String(bytes)) as Record<string, unknown>;
}
