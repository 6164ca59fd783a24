/**
 * A program that starts a function's process (arguments ENTRY and LOG_FILE), prints its process id,
 * and waits to be killed.
 */
import { LocalFunction } from "../../../infra/local/lambda/local-function.ts";

const [entry = "", logFile = ""] = process.argv.slice(2);
const definition = { name: "child", entry, environment: {}, timeoutMs: 60_000, logFile };
const local = new LocalFunction(definition, 1);
await local.warm();
console.log(local.pids[0]);
setInterval(() => undefined, 60_000);
