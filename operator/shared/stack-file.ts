import { readFile } from "node:fs/promises";
import * as z from "zod";
import { CommandError } from "./command-error.ts";

const endpoint = z.url();

/**
 * `.local/stack.json`: the addresses and names of a running local stack. Other tools read the file:
 * keep its fields.
 */
const stackFile = z.object({
  ready: z.literal(true),
  /** An administrator's account. */
  mysql: z.object({
    host: z.string(),
    port: z.number(),
    user: z.string(),
    password: z.string(),
  }),
  aws: z.object({
    region: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
    sqsEndpoint: endpoint,
    dynamodbEndpoint: endpoint,
    s3Endpoint: endpoint,
    secretsManagerEndpoint: endpoint,
  }),
  /** Includes the environment `unrouted`. */
  environments: z.record(
    z.string(),
    z.object({
      users: z.array(z.object({ user: z.string(), password: z.string() })),
      /** Subscriber → queue URL. */
      queues: z.record(z.string(), z.string()),
    }),
  ),
  tables: z.object({ offsets: z.string(), failures: z.string(), sessions: z.string() }),
  /** The bucket for payloads that are too large for SQS or DynamoDB. */
  payloadBucket: z.string(),
  /** The environment variables of the reader and the route function. */
  parts: z
    .object({
      reader: z.record(z.string(), z.string()),
      route: z.record(z.string(), z.string()),
    })
    .optional(),
  /** The local stack's web page; absent when an earlier release wrote the file. */
  page: endpoint.optional(),
  /** Process ids; `main` is `npm start` itself. */
  processes: z.record(z.string(), z.number()),
});

export type StackFile = Readonly<z.output<typeof stackFile>>;

/**
 * Reads the stack file. `remedy` tells the operator what to do when no stack is running. Throws
 * CommandError when the file does not exist, when the process that wrote it is gone, or when
 * another version wrote it.
 */
export async function readStackFile(
  path: string,
  remedy = "start one with npm start",
): Promise<StackFile> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw noStack(`there is no ${path}`, remedy, cause);
  }
  const result = stackFile.safeParse(parsed(text));
  if (!result.success) {
    throw new CommandError(
      `${path} is not what this version's npm start writes (${z.prettifyError(result.error)})`,
      { cause: result.error },
    );
  }
  const main = result.data.processes["main"] ?? 0;
  if (!isAlive(main)) {
    throw noStack(`${path} was left behind by process ${main}, which is gone`, remedy);
  }
  return result.data;
}

/** The error of a command that needs a local stack when none is running. */
export function noStack(why: string, remedy: string, cause?: unknown): CommandError {
  return new CommandError(`no local stack is running (${why}); ${remedy}`, { cause });
}

/**
 * Whether a process has this id. It may be another program that got the id of an ended one.
 */
export function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
  return true;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
