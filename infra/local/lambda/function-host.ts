/**
 * The program of a function's process: `node function-host.ts ENTRY`. It imports the handler once,
 * then runs it for every invocation that arrives over the channel, as Lambda's Node.js runtime
 * does.
 */
import type { Context } from "aws-lambda";
import { pathToFileURL } from "node:url";
import { INIT, type Invocation, type Outcome } from "./function-protocol.ts";

/** The context that a handler gets. Lambda's runtime for Node.js 24 has no callback functions. */
type FunctionContext = Omit<Context, "done" | "fail" | "succeed">;
type Handler = (event: unknown, context: FunctionContext) => Promise<unknown>;

process.once("SIGTERM", () => process.exit(0));

let handler: Handler;
await report(INIT, async () => {
  handler = await importHandler(process.argv[2]);
});
process.on("message", (invocation: Invocation) => {
  void report(invocation.id, () => handler(invocation.event, contextOf(invocation)));
});
// Keeps the process alive for invocations; the tether has unreferenced the channel.
process.channel?.ref();

async function importHandler(entry: string | undefined): Promise<Handler> {
  if (entry === undefined) throw new Error("usage: function-host.ts ENTRY");
  const module = (await import(pathToFileURL(entry).href)) as { handler?: Handler };
  if (typeof module.handler !== "function") throw new Error(`${entry} exports no handler`);
  return module.handler;
}

/** Runs `work` and sends its outcome to the parent. */
async function report(id: string, work: () => Promise<unknown>): Promise<void> {
  let outcome: Outcome;
  try {
    outcome = { kind: "result", id, value: (await work()) ?? null };
  } catch (error) {
    console.error(error);
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    outcome = { kind: "error", id, type: name, text: message };
  }
  process.send?.(outcome);
}

function contextOf({ id, deadline }: Invocation): FunctionContext {
  const name = process.env["AWS_LAMBDA_FUNCTION_NAME"] ?? "";
  return {
    awsRequestId: id,
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: "$LATEST",
    invokedFunctionArn: `arn:aws:lambda:${process.env["AWS_REGION"]}:000000000000:function:${name}`,
    memoryLimitInMB: process.env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] ?? "",
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: `local/${process.pid}`,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}
