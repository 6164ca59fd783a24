import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LocalAws } from "@binlog-router/local-aws";
import type { StackFile } from "../../operator/shared/stack-file.ts";
import { compileCache } from "../../infra/local/process/compile-cache.ts";

export const packageJson = JSON.parse(readFileSync("package.json", "utf8")) as {
  readonly bin: { readonly "binlog-router": string };
  readonly scripts: Readonly<Record<string, string>>;
};

/** Bytes; explain's output about 1,000 changes has several megabytes. */
const LONGEST_OUTPUT = 64 * 1024 * 1024;

/** A command's exit code and output. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly problem: string;
}

/**
 * The program `binlog-router` as Node runs it: the bundle that `prepare-operator.ts` has made, or
 * the main module of package.json.
 */
export function operatorProgram(folder = process.env["OPERATOR_BUNDLE"]) {
  return folder === undefined
    ? { main: packageJson.bin["binlog-router"], environment: compileCache() }
    : {
        main: join(folder, "main.mjs"),
        environment: { NODE_COMPILE_CACHE: join(folder, "compiled") },
      };
}

/** Runs the program `binlog-router`. */
export function binlogRouter(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const program = operatorProgram();
  const env = { ...process.env, ...program.environment, ...environment };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program.main, ...args],
      { env, maxBuffer: LONGEST_OUTPUT },
      (error, out, problem) => {
        resolve({ code: error === null ? 0 : Number(error.code), out, problem });
      },
    );
  });
}

/** Runs `binlog-router` with `--local` and a stack.json with these contents. */
export async function binlogRouterOn(stack: StackFile, ...args: string[]): Promise<Ended> {
  const directory = await mkdtemp(join(tmpdir(), "binlog-router-on-"));
  try {
    const file = join(directory, "stack.json");
    await writeFile(file, JSON.stringify(stack));
    return await binlogRouter([...args, "--local", file]);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The names of a reader bench's tables. */
export function tablesOf({ source }: { readonly source: string }): StackFile["tables"] {
  return { offsets: `${source}-offsets`, failures: "failures", sessions: `${source}-sessions` };
}

/** A stack.json as `npm start` writes it, for services that this process runs. */
export function stackFileOf(
  { region, credentials, endpoints }: Pick<LocalAws, "region" | "credentials" | "endpoints">,
  tables: StackFile["tables"] = { offsets: "offsets", failures: "failures", sessions: "sessions" },
): StackFile {
  return {
    ready: true,
    mysql: { host: "127.0.0.1", port: 3306, user: "root", password: "" },
    aws: {
      region,
      ...credentials,
      sqsEndpoint: endpoints.sqs,
      dynamodbEndpoint: endpoints.dynamodb,
      s3Endpoint: endpoints.s3,
      secretsManagerEndpoint: endpoints.secretsManager,
    },
    environments: {},
    tables,
    payloadBucket: "payloads",
    processes: { main: process.pid },
  };
}
