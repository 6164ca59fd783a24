import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { LocalAws } from "@binlog-router/local-aws";
import { Child } from "../../../../infra/local/process/child-process.ts";
import type { Router } from "../../../../infra/local/router.ts";
import type { LocalTopology } from "../../../../infra/local/template/local-topology.ts";

export interface ReaderTasksOptions {
  readonly topology: LocalTopology;
  readonly aws: LocalAws;
  /** It runs the first reader. */
  readonly router: Router;
  readonly logDirectory: string;
  readonly standbyPort: number;
}

/** The reader's processes: the router's, a second one, and others that a test starts. */
export class ReaderTasks {
  readonly #options: ReaderTasksOptions;
  #standby: Child | null = null;

  constructor(options: ReaderTasksOptions) {
    this.#options = options;
  }

  /** The second reader; null without one. */
  get standby(): Child | null {
    return this.#standby;
  }

  /** The process ids of both readers. */
  pids(): number[] {
    const { reader } = this.#options.router.pids();
    return [reader, this.#standby?.pid].filter((pid) => pid !== undefined);
  }

  /** The process id of the reader that has the lease; waits until there is one. */
  async holder(): Promise<number> {
    const { router, standbyPort } = this.#options;
    for (;;) {
      const standby = `http://127.0.0.1:${standbyPort}/`;
      if ((await stateAt(standby)) === "streaming") return this.#standby?.pid ?? 0;
      const { reader } = router.pids();
      if ((await stateAt(router.readerHealthUrl)) === "streaming") return reader ?? 0;
      await delay(100);
    }
  }

  /** Starts the second reader; a former one must have ended. */
  async startStandby(): Promise<Child> {
    this.#standby = await this.start(this.#options.standbyPort);
    return this.#standby;
  }

  /** Starts another process of the reader. */
  start(healthPort: number): Promise<Child> {
    const { topology, aws, logDirectory } = this.#options;
    const { entry, environment } = topology.reader;
    return Child.start({
      name: "reader",
      entry,
      environment: {
        ...environment,
        ...aws.environment(),
        HEALTH_PORT: String(healthPort),
      },
      logFile: join(logDirectory, "reader.log"),
    });
  }
}

async function stateAt(url: string): Promise<unknown> {
  try {
    const answer = (await (await fetch(url)).json()) as { readonly state?: unknown };
    return answer.state;
  } catch {
    return null;
  }
}
