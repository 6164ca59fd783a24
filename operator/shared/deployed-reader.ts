import * as z from "zod";

/** The reader's settings in a deployed template. */
export interface DeployedReader {
  readonly lanes: number;
  /** Whether its release saves the number of lanes with the offset; 0.1.0 does not. */
  readonly savesLanes: boolean;
  /** Null, like each of the following, when the template has a reference in its place. */
  readonly host: string | null;
  readonly port: string | null;
  /** The secret that `source.secretArn` named. */
  readonly secretArn: string | null;
  readonly tables: readonly string[] | null;
  readonly statementTables: readonly string[] | null;
  readonly delayMs: number | null;
  /** The queues that get an initial snapshot. */
  readonly snapshots: readonly InitialSnapshot[] | null;
}

interface InitialSnapshot {
  readonly subscriber: string;
  readonly environment: string;
}

/** Of releases that had no such setting. */
const FORMER_DELAY_MS = 20;

const variable = z.object({ Name: z.string(), Value: z.unknown() });
const task = z.object({
  ContainerDefinitions: z.array(z.object({ Environment: z.array(variable) })),
});
const texts = z.array(z.string());
const snapshots = z.array(z.object({ subscriber: z.string(), environment: z.string() }));

/** The settings in a task definition's properties; null when it is not the reader's. */
export function deployedReader(properties: unknown): DeployedReader | null {
  const { data } = task.safeParse(properties);
  const variables = new Map(
    data?.ContainerDefinitions.flatMap(({ Environment }) => Environment).map(
      ({ Name, Value }) => [Name, typeof Value === "string" ? Value : null] as const,
    ),
  );
  const lanes = variables.get("LANES");
  if (lanes === undefined || lanes === null) return null;
  const list = <Parsed>(schema: z.ZodType<Parsed>, name: string): Parsed | null => {
    const text = variables.get(name);
    return text === null ? null : schema.parse(JSON.parse(text ?? "[]"));
  };
  const delay = variables.get("DELAY_MS");
  return {
    lanes: Number(lanes),
    // The delay became a setting in the same release.
    savesLanes: delay !== undefined,
    host: variables.get("SOURCE_HOST") ?? null,
    port: variables.get("SOURCE_PORT") ?? null,
    secretArn: variables.get("SOURCE_SECRET_ARN") ?? null,
    tables: list(texts, "SOURCE_TABLES"),
    statementTables: list(texts, "STATEMENT_TABLES"),
    delayMs: delay === null ? null : Number(delay ?? FORMER_DELAY_MS),
    snapshots: list(snapshots, "SNAPSHOT_INITIAL"),
  };
}
