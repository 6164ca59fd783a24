/** The parts of the system that run code. */
export type PartName = "reader" | "route" | "retry" | "canary";

/** The metadata key by which the local run finds the source file that a resource runs. */
export const PART_METADATA = "binlog-router:part";

export interface PartMetadata {
  readonly part: PartName;
  /** The path from the repository's root. */
  readonly entry: string;
}
