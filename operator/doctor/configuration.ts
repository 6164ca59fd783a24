import { readFile } from "node:fs/promises";
import { z } from "zod";

/** What the doctor uses of the configuration object; `npm start` and `cdk synth` check all of it. */
const configuration = z.looseObject({
  source: z
    .looseObject({
      host: z.string().optional(),
      port: z.number().default(3306),
      tls: z.enum(["verify", "encrypt", "off"]).default("verify"),
      secretArn: z.string().optional(),
    })
    .optional(),
  environments: z.record(z.string(), z.looseObject({ users: z.array(z.string()) })),
});

export type DoctorConfiguration = z.output<typeof configuration>;

/** The configuration cannot be read or lacks what the doctor needs. */
export class DoctorConfigurationError extends Error {
  override readonly name = "DoctorConfigurationError";
}

/** Reads a configuration object, or a cdk.json that has one in its context. Throws DoctorConfigurationError. */
export async function readDoctorConfiguration(path: string): Promise<DoctorConfiguration> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new DoctorConfigurationError(`${path} cannot be read as JSON`, { cause });
  }
  const context = (value as { context?: Record<string, unknown> }).context;
  const result = configuration.safeParse(context?.["binlog-router"] ?? value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path: place, message }) => `${place.join(".")}: ${message}`,
  );
  throw new DoctorConfigurationError(`${path}: ${problems.join("; ")}`);
}
