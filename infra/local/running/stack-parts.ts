import type { LocalAws } from "@binlog-router/local-aws";
import type { Configuration } from "../../../config/configuration.ts";
import type { EnvironmentQueue } from "../../../config/queues.ts";
import type { Source } from "../source/source.ts";
import type { LocalTopology } from "../template/local-topology.ts";

/** The parts of a running stack. */
export interface StackParts {
  readonly config: Configuration;
  readonly source: Source;
  readonly aws: LocalAws;
  readonly topology: LocalTopology;
  readonly queues: readonly LocatedQueue[];
}

/** An environment queue with its URL. */
export interface LocatedQueue extends EnvironmentQueue {
  readonly url: string;
}
