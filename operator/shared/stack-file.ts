import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { CommandError } from "./command-error.ts";

const endpoint = z.url();

/**
 * `.local/stack.json`: where everything of a running stack is. Other tools are built on it: keep
 * its fields.
 */
const stackFile = z.object({
  ready: z.literal(true),
  /** An administrator. */
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
  /** `unrouted` is among them. */
  environments: z.record(
    z.string(),
    z.object({
      users: z.array(z.object({ user: z.string(), password: z.string() })),
      /** Subscriber → queue URL. */
      queues: z.record(z.string(), z.string()),
    }),
  ),
  tables: z.object({ offsets: z.string(), failures: z.string(), sessions: z.string() }),
  /** Where payloads lie that are too large for SQS or DynamoDB. */
  payloadBucket: z.string(),
  /** The environment variables with which the reader and the route function run. */
  parts: z
    .object({
      reader: z.record(z.string(), z.string()),
      route: z.record(z.string(), z.string()),
    })
    .optional(),
  /** The page on which a person sees everything; absent from a run of an earlier release. */
  page: endpoint.optional(),
  /** Process ids; `main` is `npm start` itself. */
  processes: z.record(z.string(), z.number()),
});

export type StackFile = Readonly<z.output<typeof stackFile>>;

/** Where `npm start` writes it when nobody says otherwise. */
export const DEFAULT_STACK_FILE = join(import.meta.dirname, "../../.local/stack.json");

/**
 * Reads it. `remedy` is what to do when no stack runs. Throws CommandError when there is no such
 * file, when the `npm start` that wrote it was killed and left it behind, or when it is another
 * version's.
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

/** What a command ends with that needs a local stack. */
export function noStack(why: string, remedy: string, cause?: unknown): CommandError {
  return new CommandError(`no local stack is running (${why}); ${remedy}`, { cause });
}

/**
 * Whether there is a process of this id; it may be another program that was given a dead one's id.
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
