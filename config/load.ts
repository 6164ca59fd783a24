import { readFile } from "node:fs/promises";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import type { Configuration, DeployableConfiguration } from "./configuration.ts";
import { draftOf } from "./draft.ts";
import { crossFieldProblems } from "./rules.ts";
import { configurationSchema } from "./schema.ts";
import { schemaProblems } from "./schema-problems.ts";

/**
 * The configuration that an object describes (DESIGN.md section 7, `schema.ts` for every key and default).
 * Throws ConfigError with every problem at once, those between several keys included.
 */
export function loadConfig(value: unknown): Configuration {
  const parsed = configurationSchema.safeParse(value, { reportInput: true });
  const problems = [
    ...(parsed.success ? [] : schemaProblems(parsed.error.issues)),
    ...crossFieldProblems(draftOf(value)),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return parsed.data;
}

/** The configuration in a JSON file. Throws ConfigError, also when the file cannot be read or is not JSON. */
export async function readConfigFile(path: string): Promise<Configuration> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new ConfigError([{ path: "", message: `file ${path} cannot be read` }], { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError([{ path: "", message: `file ${path} is not JSON` }], { cause });
  }
  return loadConfig(value);
}

/** The same configuration, known to say what only a deployment needs. Throws ConfigError. */
export function deployable(config: Configuration): DeployableConfiguration {
  const { source, network } = config;
  const problems: ConfigProblem[] = [];
  if (source.host === undefined) {
    problems.push({ path: "source.host", message: "is missing; a deployment needs it" });
  }
  if (network === undefined) {
    problems.push({ path: "network", message: "is missing; a deployment needs it" });
  }
  if (source.host === undefined || network === undefined) throw new ConfigError(problems);
  return { ...config, source: { ...source, host: source.host }, network };
}
