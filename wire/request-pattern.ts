import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";

/** A request as the SDK sends it, signed. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/**
 * Makes the headers of requests that differ from one of the SDK's only in time, credentials and
 * body. They are signed with AWS's Signature Version 4:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
 * Region, service and all other headers are those of the SDK's request.
 */
export class RequestPattern {
  readonly #method: string;
  readonly #path: string;
  /** The headers that all requests share. */
  readonly #shared: Readonly<Record<string, string>>;
  /** The names of those of them that are signed. */
  readonly #signed: readonly string[];
  /** Region, service and `aws4_request`. */
  readonly #scope: string;
  /** The latest signing key, and what it was made from. */
  #key: { readonly from: string; readonly key: KeyObject } | null = null;

  private constructor(
    { method, path, headers }: SignedRequest,
    scope: string,
    signed: readonly string[],
  ) {
    this.#method = method;
    this.#path = path;
    this.#shared = Object.fromEntries(
      Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name)),
    );
    this.#signed = signed;
    this.#scope = scope;
  }

  /** Null when the request has an unexpected form. */
  static of(request: SignedRequest): RequestPattern | null {
    const { path, headers } = request;
    const parts = AUTHORIZATION.exec(headers["authorization"] ?? "")?.groups;
    const { scope, names } = parts ?? {};
    if (scope === undefined || names === undefined || path !== "/") return null;
    if (Object.keys(headers).some((name) => name !== name.toLowerCase())) return null;
    const signed = names.split(";").filter((name) => !OWN_HEADERS.has(name));
    return signed.every((name) => headers[name] !== undefined)
      ? new RequestPattern(request, scope, signed)
      : null;
  }

  /** The headers of a request with this body. */
  sign(body: Uint8Array, credentials: Credentials, time: Date): Record<string, string> {
    const { accessKeyId, sessionToken } = credentials;
    const timeText = time.toISOString().replace(/[-:]|\.\d+/g, "");
    const bodyHash = hash("sha256", body);
    const headers: Record<string, string> = {
      ...this.#shared,
      "content-length": String(body.length),
      "x-amz-content-sha256": bodyHash,
      "x-amz-date": timeText,
      ...(sessionToken !== undefined && { [TOKEN]: sessionToken }),
    };
    const signed = [...this.#signed, ...MADE_HEADERS]
      .filter((name) => headers[name] !== undefined)
      .sort();
    const names = signed.join(";");
    const lines = signed.map((name) => `${name}:${canonical(headers[name] ?? "")}\n`).join("");
    const request = `${this.#method}\n${this.#path}\n\n${lines}\n${names}\n${bodyHash}`;
    const scope = `${timeText.slice(0, DAY_LENGTH)}/${this.#scope}`;
    const signature = createHmac("sha256", this.#signingKey(credentials, scope))
      .update(`AWS4-HMAC-SHA256\n${timeText}\n${scope}\n${hash("sha256", request)}`)
      .digest("hex");
    headers["authorization"] =
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
    return headers;
  }

  /** As an object: for bytes, Node first looks for one, which takes longer than the signature. */
  #signingKey({ secretAccessKey }: Credentials, scope: string): KeyObject {
    const from = `${secretAccessKey} ${scope}`;
    if (this.#key?.from !== from) {
      const first: Buffer = Buffer.from(`AWS4${secretAccessKey}`);
      const bytes = scope
        .split("/")
        .reduce((key, part) => createHmac("sha256", key).update(part).digest(), first);
      this.#key = { from, key: createSecretKey(bytes) };
    }
    return this.#key.key;
  }
}

/** A header's value as it is signed. */
function canonical(value: string): string {
  return value.trim().replace(/[ \t]+/g, " ");
}

const TOKEN = "x-amz-security-token";
/** The headers that are made for each request and signed; the token only where there is one. */
const MADE_HEADERS = ["content-length", "x-amz-content-sha256", "x-amz-date", TOKEN];
/**
 * The headers that are not taken from the SDK's request. The last two name the SDK's call and its
 * attempt.
 */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  ...MADE_HEADERS,
  "authorization",
  "amz-sdk-invocation-id",
  "amz-sdk-request",
]);
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/(?<scope>[^/]+\/[^/]+\/aws4_request), SignedHeaders=(?<names>[^,]+), /;
/** The characters of the day in a time. */
const DAY_LENGTH = 8;
