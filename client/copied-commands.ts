import { Readable } from "node:stream";
import { isRecord } from "../wire/change.ts";
import { isPlain, mayRepeat, type Config, type Stack } from "./plain-client.ts";
import { answerIn, collect } from "./received-messages.ts";

type Signer = Awaited<ReturnType<Config["signer"]>>;
type UnsignedRequest = Parameters<Signer["sign"]>[0];

/** The SDK's HttpRequest. */
interface SdkRequest extends UnsignedRequest {
  clone(): SdkRequest;
}

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

interface Result {
  readonly output: object;
  readonly response: unknown;
}

/** A request of the SDK that succeeded, as it was before its signature. */
interface Pattern {
  readonly request: SdkRequest;
  readonly settings: Settings;
  /** Made for the first copy, and has the credentials renewed. */
  signer?: Signer;
}

/** What an application may change while its client is used, and the SDK asks for each time. */
type Settings = readonly unknown[];

/** How long only the SDK makes requests after a copy was refused, milliseconds. */
const DISTRUST_MS = 60_000;
const JSON_TYPE = "application/x-amz-json-1.0";

/**
 * Makes commands of one kind, sent to one queue, for half of the SDK's processor time: the SDK's
 * first request that succeeds is copied with another body. The client's `send` and the handler that
 * the SDK makes of its middleware are called as ever, and its signer and its connections are used.
 * Nothing is copied for a client with anything of the application's own that sees each request.
 * What a copy does not bring to success, the SDK does again.
 * docs/decisions/requests-without-the-sdk.md
 */
export class CopiedCommands {
  #pattern: Pattern | undefined;
  /** By `performance.now()`. */
  #copiesFromMs = -Infinity;

  /** Makes a command's request a copy where that is possible. Returns the same command. */
  prepared<Input, Output, C extends Command<Input, Output>>(
    command: C & Command<Input, Output>,
  ): C {
    const bySdk = command.resolveMiddleware.bind(command);
    const resolveMiddleware: Command<Input, Output>["resolveMiddleware"] = (...resolving) => {
      const [stack, config, limits] = resolving;
      if (performance.now() < this.#copiesFromMs || !isPlain(stack, config))
        return bySdk(...resolving);
      return bySdk(this.#copying(stack, config, limits), config, limits);
    };
    return Object.assign(command, { resolveMiddleware });
  }

  /** A client's middleware, with copies, and with what keeps the SDK's requests. */
  #copying(stack: Stack, config: Config, limits: Limits): Stack {
    let made: SdkRequest | undefined;
    const copying = stack.clone();
    copying.add(
      (next) => async (args) => {
        const settings = await settingsOf(config);
        if (settings === undefined) return next(args);
        const copied = await this.#tryCopy(args.input, settings, config, limits);
        // The types are of all commands of SQS.
        if (copied !== undefined) return copied as Awaited<ReturnType<typeof next>>;
        const result = await next(args);
        if (made?.headers["content-type"] === JSON_TYPE)
          this.#pattern = { request: made, settings };
        return result;
      },
      { step: "initialize", priority: "high" },
    );
    copying.add(
      (next) => (args) => {
        made = (args.request as SdkRequest).clone();
        return next(args);
      },
      // The last step before the SDK numbers its attempts and signs them.
      { step: "build", priority: "low" },
    );
    return copying;
  }

  /** The result of a copy; undefined when the SDK has to make the request. */
  async #tryCopy(
    input: unknown,
    settings: Settings,
    config: Config,
    limits: Limits,
  ): Promise<Result | undefined> {
    if (!this.#pattern?.settings.every((value, index) => value === settings[index]))
      return undefined;
    try {
      return await this.#copy(this.#pattern, JSON.stringify(input), config, limits);
    } catch {
      return undefined;
    }
  }

  async #copy(
    pattern: Pattern,
    text: string,
    config: Config,
    limits: Limits,
  ): Promise<Result | undefined> {
    const copy = pattern.request.clone();
    copy.body = Buffer.from(text);
    copy.headers["content-length"] = String(copy.body.length);
    const signingDate = new Date(Date.now() + config.systemClockOffset);
    pattern.signer ??= await config.signer();
    const signed = await pattern.signer.sign(copy, { signingDate });
    const { response } = await config.requestHandler.handle(signed, limits);
    const pieces =
      response.body instanceof Readable
        ? await collect(response.body)
        : [await config.streamCollector(response.body)];
    const answer = response.statusCode === 200 ? answerIn(pieces) : undefined;
    if (isAnswer(answer)) {
      const requestId = response.headers["x-amzn-requestid"];
      const $metadata = { httpStatusCode: 200, requestId, attempts: 1, totalRetryDelay: 0 };
      return { output: { $metadata, ...answer }, response };
    }
    this.#pattern = undefined;
    this.#copiesFromMs = performance.now() + DISTRUST_MS;
    return undefined;
  }
}

/** Undefined when the SDK has to make all requests, or when it will tell what is wrong. */
async function settingsOf(config: Config): Promise<Settings | undefined> {
  try {
    if (!(await mayRepeat(config))) return undefined;
    const endpoint = JSON.stringify(await config.endpoint?.());
    return [config.credentials, config.signer, await config.region(), endpoint];
  } catch {
    return undefined;
  }
}

/** Whether a value is what SQS answers, as far as the client library reads it. */
function isAnswer(value: unknown): value is object {
  if (!isRecord(value) || Array.isArray(value)) return false;
  const { Messages = [], Failed = [] } = value;
  return Array.isArray(Messages) && Array.isArray(Failed);
}
