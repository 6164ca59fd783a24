import type { z } from "zod";
import { ConfigError } from "../../../config/config-error.ts";
import { loadPart, readConfigObject } from "../../../config/load.ts";
import { configurationSchema } from "../../../config/schema.ts";
import { CommandError } from "../../shared/command-error.ts";

/** What the doctor uses of the configuration; `npm start` and `cdk synth` check all of it. */
const used = configurationSchema
  .pick({ source: true, environments: true })
  .partial({ source: true })
  .strip();

export type DoctorConfiguration = z.output<typeof used>;

/** Reads a configuration object, or a cdk.json that has one in its context. Throws CommandError. */
export async function readDoctorConfiguration(path: string): Promise<DoctorConfiguration> {
  try {
    return loadPart(used, await readConfigObject(path));
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new CommandError(cause.message, { cause });
  }
}
