import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { REPOSITORY_ROOT } from "../../../infra/stack/resources/repository-root.ts";

const target = z.union([
  z.strictObject({ atLeast: z.number() }),
  z.strictObject({ atMost: z.number() }),
]);

const figure = z.strictObject({
  work: z.string(),
  name: z.string(),
  value: z.number(),
  unit: z.string(),
  beside: z.strictObject({ name: z.string(), value: z.number() }).optional(),
  target: target.optional(),
  rounds: z
    .array(z.strictObject({ value: z.number(), beside: z.number() }))
    .readonly()
    .optional(),
  ratio: z.number().optional(),
  met: z.boolean().optional(),
});

/** The report of a run of `npm run bench` whose figures mean something. */
const recordSchema = z.strictObject({
  startedAt: z.iso.datetime(),
  seconds: z.number(),
  quick: z.literal(false),
  seed: z.number(),
  machine: z.strictObject({
    cpu: z.string(),
    cores: z.number(),
    memoryGb: z.number(),
    system: z.string(),
    node: z.string(),
    mysql: z.string(),
  }),
  benchmarks: z.array(
    z.strictObject({ benchmark: z.string(), seconds: z.number(), figures: z.array(figure) }),
  ),
});

export type FiguresRecord = z.output<typeof recordSchema>;
export type RecordedFigure = z.output<typeof figure>;

/** The files in which runs are recorded, from the repository's root. */
export const RECORDS = {
  bench: "docs/performance-measured.json",
  peers: "docs/peers-measured.json",
} as const;

/** Reads a run's report. Throws when it is one of `--quick`. */
export async function readRecord(file: string): Promise<FiguresRecord> {
  return recordSchema.parse(JSON.parse(await readFile(file, "utf8")));
}

/** Reads a recorded run; null when none is recorded. */
export async function recorded(name: keyof typeof RECORDS): Promise<FiguresRecord | null> {
  try {
    return await readRecord(join(REPOSITORY_ROOT, RECORDS[name]));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** The figures of one benchmark. */
export function figuresOf(record: FiguresRecord, benchmark: string): readonly RecordedFigure[] {
  return record.benchmarks.find((each) => each.benchmark === benchmark)?.figures ?? [];
}
