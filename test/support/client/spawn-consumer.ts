import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { compileCache } from "../../../infra/local/process/compile-cache.ts";

/** A process that runs consumer.ts. Disposing kills it. */
export interface Consumer extends AsyncDisposable {
  /** The lines that it has printed. */
  readonly lines: readonly string[];
  /** Sends a signal; resolves with the exit code, or null when the signal ended the process. */
  readonly kill: (signal: "SIGTERM" | "SIGKILL") => Promise<number | null>;
}

export function spawnConsumer(environment: Readonly<Record<string, string>>): Consumer {
  const script = fileURLToPath(new URL("consumer.ts", import.meta.url));
  const child = spawn(process.execPath, [script], {
    env: {
      PATH: process.env["PATH"],
      ...compileCache(),
      BINLOG_ROUTER_SOURCE: "shop",
      ...environment,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit") as Promise<[number | null]>;
  const lines: string[] = [];
  createInterface(child.stdout).on("line", (line) => lines.push(line));
  const kill = async (signal: "SIGTERM" | "SIGKILL"): Promise<number | null> => {
    child.kill(signal);
    const [code] = await exited;
    return code;
  };
  return {
    lines,
    kill,
    async [Symbol.asyncDispose]() {
      await kill("SIGKILL");
    },
  };
}
