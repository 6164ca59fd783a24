import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeEach, expect } from "vitest";

export interface ReceivedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly treatment: Treatment | undefined;
}

/** What the server does with a request instead of answering with success. */
export type Treatment =
  | "refuse"
  | "cut"
  | "half"
  | "hold"
  | { readonly status?: number; readonly answer: string };

export const SECRET = "secret";

/** Takes the place of SQS or DynamoDB. It keeps the requests and answers as it is told. */
export class SqsRequests implements AsyncDisposable {
  readonly received: ReceivedRequest[] = [];
  /** Of the next requests; a request is answered with success when there is none. */
  readonly treatments: Treatment[] = [];
  readonly #server = createServer((request, response) => {
    const treatment = this.treatments.shift();
    if (treatment === "cut") return request.once("data", () => request.socket.destroy());
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    return request.on("end", () => {
      const headers = request.headers as Record<string, string>;
      this.received.push({ headers, body: Buffer.concat(chunks), treatment });
      if (treatment === "hold") return;
      if (treatment === "half") {
        response.writeHead(200, { "content-length": 2 });
        response.write("{", () => request.socket.destroy());
        return;
      }
      const refusal = { status: 403, answer: "{}" };
      const { status = 200, answer } =
        treatment === "refuse" ? refusal : (treatment ?? { answer: "{}" });
      response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(answer);
    });
  });

  static async listen(): Promise<SqsRequests> {
    const requests = new SqsRequests();
    requests.#server.listen(0, "127.0.0.1");
    await once(requests.#server, "listening");
    return requests;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The settings of a client for this server. */
  get settings() {
    const credentials = { accessKeyId: "id", secretAccessKey: SECRET };
    return { region: "eu-west-1", endpoint: this.endpoint, credentials };
  }

  /** Whether the SDK made each of the requests. */
  get makers(): boolean[] {
    return this.received.map(isBySdk);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => void this.#server.close(closed));
  }
}

/** The server of a file's tests. Each begins without requests, and uses up all its treatments. */
export async function useSqsRequests(): Promise<SqsRequests> {
  const server = await SqsRequests.listen();
  beforeEach(() => void (server.received.length = 0));
  afterEach(() => expect(server.treatments).toEqual([]));
  afterAll(() => server[Symbol.asyncDispose]());
  return server;
}

/** The input of the operation. */
export const inputIn = ({ body }: ReceivedRequest): unknown => JSON.parse(body.toString());

/** The headers that depend neither on the body nor on the time nor on the SDK's call. */
export function constantHeaders({ headers }: ReceivedRequest): object {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !/^(amz-sdk-.*|authorization|content-length|x-amz-(date|content.*))$/.test(name),
    ),
  );
}

/** Whether the SDK made the request: it names each of its calls. */
export const isBySdk = ({ headers }: ReceivedRequest): boolean =>
  "amz-sdk-invocation-id" in headers;

/** Whether SQS would accept the signature: what is signed, made from the request as received. */
export function isSignedWith({ headers, body }: ReceivedRequest, secret: string): boolean {
  const [, scope = "", names = "", signature] =
    /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+), Signature=(.+)$/.exec(
      headers["authorization"] ?? "",
    ) ?? [];
  const lines = names.split(";").map((name) => `${name}:${headers[name]}\n`);
  const request = ["POST", "/", "", lines.join(""), names, sha(body)].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha(request)].join("\n");
  let key = Buffer.from(`AWS4${secret}`);
  for (const part of [...scope.split("/"), toSign])
    key = createHmac("sha256", key).update(part).digest();
  return (
    key.toString("hex") === signature &&
    names === names.split(";").sort().join(";") &&
    names.includes("host") &&
    headers["x-amz-content-sha256"] === sha(body) &&
    headers["x-amz-date"]?.startsWith(scope.slice(0, 8)) === true
  );
}

function sha(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}
