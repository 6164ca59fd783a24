import { Readable } from "node:stream";
import { SQSClient, type ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { isRecord } from "../wire/change.ts";
import { answerIn, collect } from "./received-messages.ts";

type Resolving = Parameters<ReceiveMessageCommand["resolveMiddleware"]>;
type Stack = Resolving[0];
type Config = Resolving[1];
type Signer = Awaited<ReturnType<Config["signer"]>>;
type UnsignedRequest = Parameters<Signer["sign"]>[0];

interface Limits {
  readonly abortSignal?: AbortSignal;
}

/** The part of a command of the SDK that is used here. */
interface Command<Input, Output> {
  readonly input: Input;
  resolveMiddleware(stack: Stack, config: Config, limits: Limits): Handler<Input, Output>;
}
type Handler<Input, Output> = (args: {
  readonly input: Input;
}) => Promise<{ output: Output; response: unknown }>;

/** A request of the SDK that succeeded, unsigned and without its body. */
interface Pattern {
  readonly request: UnsignedRequest;
  readonly signer: Signer;
}

/** How long only the SDK makes requests after a copy was refused, milliseconds. */
const DISTRUST_MS = 60_000;
/** How often the client's middleware is looked at, milliseconds; it takes a tenth of a request. */
const LOOK_MS = 1000;
const JSON_TYPE = "application/x-amz-json-1.0";

/**
 * Makes commands of one kind, sent to one queue, for half of the SDK's processor time: the SDK's
 * first request that succeeds is copied with another body. The client's `send` is called as ever,
 * and its signer and its connections are used. Nothing is copied for a client with middleware or a
 * logger of the application's own, which see each request. What a copy does not bring to success,
 * the SDK does again. docs/decisions/requests-without-the-sdk.md
 */
export class CopiedCommands {
  #pattern: Pattern | undefined;
  /** By `performance.now()`. */
  #copiesFromMs = -Infinity;
  #lookAtMs = -Infinity;
  #isPlain = false;

  /** Makes a command's request a copy where that is possible. Returns the same command. */
  prepared<Input, Output, C extends Command<Input, Output>>(
    command: C & Command<Input, Output>,
  ): C {
    const bySdk = command.resolveMiddleware.bind(command);
    const resolveMiddleware: Command<Input, Output>["resolveMiddleware"] = (...resolving) => {
      const [stack, config, limits] = resolving;
      if (!this.#mayCopy(stack, config)) return bySdk(...resolving);
      return async (args) => {
        const output = await this.#tryCopy(args.input, config, limits);
        if (output !== undefined) return { output: output as Output, response: undefined };
        return this.#keep(stack, config, (watched) => bySdk(watched, config, limits)(args));
      };
    };
    return Object.assign(command, { resolveMiddleware });
  }

  #mayCopy(stack: Stack, config: Config): boolean {
    const now = performance.now();
    if (now >= this.#lookAtMs) {
      this.#isPlain = isPlain(stack, config);
      this.#lookAtMs = now + LOOK_MS;
    }
    return this.#isPlain && now >= this.#copiesFromMs;
  }

  /** Has the SDK make a request, and keeps it when it succeeds. */
  async #keep<Result>(
    stack: Stack,
    config: Config,
    send: (stack: Stack) => Promise<Result>,
  ): Promise<Result> {
    let made: UnsignedRequest | undefined;
    const watched = stack.clone();
    watched.add(
      (next) => (args) => {
        const request = args.request as UnsignedRequest;
        made = { ...request, headers: { ...request.headers }, body: undefined };
        return next(args);
      },
      // The last step before the SDK numbers its attempts and signs them.
      { step: "build", priority: "low" },
    );
    const result = await send(watched);
    if (made?.headers["content-type"] === JSON_TYPE && performance.now() >= this.#copiesFromMs)
      this.#pattern = { request: made, signer: await config.signer() };
    return result;
  }

  /** The output of a copy; undefined when the SDK has to make the request. */
  async #tryCopy(input: unknown, config: Config, limits: Limits): Promise<object | undefined> {
    if (this.#pattern === undefined) return undefined;
    try {
      return await this.#copy(this.#pattern, JSON.stringify(input), config, limits);
    } catch (error) {
      if (limits.abortSignal?.aborted === true) throw error;
      return undefined;
    }
  }

  async #copy(
    { request, signer }: Pattern,
    text: string,
    config: Config,
    limits: Limits,
  ): Promise<object | undefined> {
    const body = Buffer.from(text);
    const headers = { ...request.headers, "content-length": String(body.length) };
    const signingDate = new Date(Date.now() + config.systemClockOffset);
    const signed = await signer.sign({ ...request, headers, body }, { signingDate });
    const { response } = await config.requestHandler.handle(signed, limits);
    const isStream = response.body instanceof Readable;
    const pieces = isStream ? await collect(response.body) : [];
    const answer = response.statusCode === 200 ? answerIn(pieces) : undefined;
    if (isAnswer(answer)) {
      const requestId = response.headers["x-amzn-requestid"];
      return { $metadata: { httpStatusCode: 200, requestId, attempts: 1 }, ...answer };
    }
    this.#pattern = undefined;
    this.#copiesFromMs = performance.now() + DISTRUST_MS;
    return undefined;
  }
}

/** Whether a value is what SQS answers, as far as the client library reads it. */
function isAnswer(value: unknown): value is object {
  if (!isRecord(value) || Array.isArray(value)) return false;
  const { Messages = [], Failed = [] } = value;
  return Array.isArray(Messages) && Array.isArray(Failed);
}

/** A client without anything of an application's, to compare with; made once. */
let usual: SQSClient | undefined;

/**
 * Whether requests pass only the SDK's own middleware, and no logger. In Lambda the SDK adds each
 * invocation's trace to its requests.
 */
function isPlain(stack: Stack, { logger, signer }: Config): boolean {
  if (process.env["AWS_LAMBDA_FUNCTION_NAME"] !== undefined) return false;
  usual ??= new SQSClient({ region: "us-east-1" });
  return (
    typeof signer === "function" &&
    logger?.constructor === usual.config.logger?.constructor &&
    stack.identify().join() === usual.middlewareStack.identify().join()
  );
}
