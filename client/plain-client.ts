import { SQSClient, type ReceiveMessageCommand } from "@aws-sdk/client-sqs";

type Resolving = Parameters<ReceiveMessageCommand["resolveMiddleware"]>;
export type Stack = Resolving[0];
export type Config = Resolving[1];
type Named = readonly [name: string | undefined, middleware: (...parts: never[]) => unknown];

/** What the SDK itself adds to each of its clients for SQS, from version 3.1000 on. */
const BY_SDK = new Set([
  "contentLengthMiddleware",
  "deserializerMiddleware",
  "getUserAgentMiddleware",
  "hostHeaderMiddleware",
  "httpAuthSchemeMiddleware",
  "httpSigningMiddleware",
  "loggerMiddleware",
  "queueUrlMiddleware",
  "recursionDetectionMiddleware",
  "retryMiddleware",
  "serializerMiddleware",
]);

/** A client without anything of an application's, to compare with. */
interface Usual {
  readonly config: Config;
  /** The text of each middleware, by name. */
  readonly sources: ReadonlyMap<string | undefined, string>;
}
let usual: Usual | undefined;

/** Middleware that was found to be the SDK's. */
const known = new WeakSet<object>();

/**
 * Whether a client's requests pass the SDK's own middleware and nothing else, no logger, and none
 * of the application's own steps for endpoint and authentication. In Lambda the SDK adds each
 * invocation's trace to its requests. Takes about a microsecond.
 */
export function isPlain(stack: Stack, config: Config): boolean {
  if (process.env["AWS_LAMBDA_FUNCTION_NAME"] !== undefined) return false;
  usual ??= newUsual();
  const { config: plain, sources } = usual;
  const [scheme, ...others] = config.httpAuthSchemes;
  return (
    config.logger?.constructor === plain.logger?.constructor &&
    config.endpointProvider === plain.endpointProvider &&
    config.httpAuthSchemeProvider === plain.httpAuthSchemeProvider &&
    others.length === 0 &&
    scheme?.signer.constructor === plain.httpAuthSchemes[0]?.signer.constructor &&
    isOfSdk(middlewareOf(stack), sources)
  );
}

/**
 * Whether the SDK may repeat a request, in its standard way. The adaptive way and an application's
 * own count each request, and with one attempt there is no repetition.
 */
export async function mayRepeat(config: Config): Promise<boolean> {
  usual ??= newUsual();
  const { constructor } = await usual.config.retryStrategy();
  return (
    (await config.retryStrategy()).constructor === constructor && (await config.maxAttempts()) > 1
  );
}

function newUsual(): Usual {
  const client = new SQSClient({ region: "us-east-1", retryMode: "standard", maxAttempts: 3 });
  const sources = middlewareOf(client.middlewareStack).map(
    ([name, middleware]) => [name, String(middleware)] as const,
  );
  return { config: client.config, sources: new Map(sources) };
}

/** An application may have replaced the SDK's middleware by its own with the same name. */
function isOfSdk(list: readonly Named[], sources: Usual["sources"]): boolean {
  if (list.length !== sources.size) return false;
  return list.every(([name, middleware]) => {
    if (known.has(middleware)) return true;
    if (name === undefined || !BY_SDK.has(name)) return false;
    if (sources.get(name) !== String(middleware)) return false;
    known.add(middleware);
    return true;
  });
}

/** All middleware with its name. `identify` leaves out what is relative to a command's. */
function middlewareOf(stack: Stack): readonly Named[] {
  const list: Named[] = [];
  const add = (middleware: Named[1], options?: { name?: string }): void => {
    list.push([options?.name, middleware]);
  };
  stack.applyToStack({ ...stack, add, addRelativeTo: add, identifyOnResolve: () => false });
  return list;
}
