import { EventEmitter } from "node:events";
import type { IncomingHttpHeaders, Server } from "node:http";
import type { AwsResponse } from "../http/aws-service.ts";

/** Passes a request to dynalite without a connection. */
export function callDynalite(
  server: Server,
  headers: IncomingHttpHeaders,
  body: string | Buffer,
): Promise<AwsResponse> {
  const request = Object.assign(new EventEmitter(), { method: "POST", url: "/", headers });
  const { promise, resolve } = Promise.withResolvers<AwsResponse>();
  const responseHeaders: Record<string, string> = {};
  const response = {
    statusCode: 200,
    setHeader: (name: string, value: unknown) => {
      responseHeaders[name.toLowerCase()] = String(value);
    },
    end(this: { statusCode: number }, text = "") {
      resolve({ status: this.statusCode, headers: responseHeaders, body: text });
    },
  };
  server.emit("request", request, response);
  request.emit("data", typeof body === "string" ? Buffer.from(body) : body);
  request.emit("end");
  return promise;
}
