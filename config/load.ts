import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { canaryProblems, withCanary } from "./canary.ts";
import { ConfigError, type ConfigProblem, schemaProblems } from "./config-error.ts";
import type {
  Configuration,
  DeployableConfiguration,
  HostedConfiguration,
} from "./configuration.ts";
import { draftOf } from "./draft.ts";
import { jsonErrorPlace } from "./json-error-place.ts";
import { crossFieldProblems } from "./rules.ts";
import { configurationSchema } from "./schema.ts";
import { sizeProblems } from "./size-rules.ts";

/**
 * The configuration that an object describes (`schema.ts` has every key). Throws ConfigError with
 * every problem at once, those between several keys included.
 */
export function loadConfig(given: unknown): Configuration {
  const value = withCanary(given);
  const parsed = configurationSchema.safeParse(value, { reportInput: true });
  const problems = [
    ...(parsed.success ? [] : schemaProblems(parsed.error.issues)),
    ...crossFieldProblems(draftOf(value)),
    ...canaryProblems(given),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return parsed.data;
}

/**
 * The same for a part of the configuration, where the rest may be missing: without the problems
 * between several keys.
 */
export function loadPart<Part extends z.ZodType>(part: Part, value: unknown): z.output<Part> {
  const parsed = part.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new ConfigError(schemaProblems(parsed.error.issues));
}

/**
 * Where the context of the CDK app has the configuration object, or a list of them: a stack for
 * each source.
 */
export const CONTEXT_KEY = "binlog-router";

/** The configuration in a JSON file, see `readConfigObject`. Throws ConfigError. */
export async function readConfigFile(path: string): Promise<Configuration> {
  return loadConfig(await readConfigObject(path));
}

/**
 * The configuration object that a JSON file is, or that it has as the context of a cdk.json; `name`
 * chooses one source where it has several. Throws ConfigError.
 */
export async function readConfigObject(path: string, name?: string): Promise<unknown> {
  const objects = await readConfigObjects(path, name);
  if (objects.length === 1) return objects[0];
  throw fileError(
    `${path} configures several sources (${objects.map(nameOf).join(", ")}); choose one by its name, or name a file that has only one`,
  );
}

/**
 * All of them, or the one that is called `name`; at least one. Throws ConfigError.
 */
export async function readConfigObjects(path: string, name?: string): Promise<unknown[]> {
  const value = await readJson(path);
  const { context } = (value ?? {}) as { context?: Readonly<Record<string, unknown>> };
  const object = context?.[CONTEXT_KEY];
  return chosenSources(path, object ?? value, name);
}

function chosenSources(path: string, value: unknown, name: string | undefined): unknown[] {
  const sources: readonly unknown[] = Array.isArray(value) ? value : [value];
  const chosen = sources.filter((source) => name === undefined || nameOf(source) === name);
  if (chosen.length > 0) return chosen;
  const names = sources.map(nameOf).join(", ");
  throw fileError(
    name === undefined
      ? `${path} configures no source`
      : `${path} configures no source ${name}, but ${names}`,
  );
}

function nameOf(source: unknown): string {
  const { name } = (source ?? {}) as { name?: unknown };
  return typeof name === "string" ? name : "(without a name)";
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw fileError(`${path} cannot be read`, { cause });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const place = jsonErrorPlace(text);
    const where = place === null ? "" : `: see line ${place.line}, column ${place.column}`;
    throw fileError(`${path} is not JSON${where}`, { cause });
  }
}

function fileError(what: string, options?: ErrorOptions): ConfigError {
  return new ConfigError([{ path: "", message: `file ${what}` }], options);
}

/** The same configuration, known to say what only a deployment needs. Throws ConfigError. */
export function deployable(config: Configuration): DeployableConfiguration {
  const { network } = config;
  if (network !== undefined) return { ...hosted(config), network };
  const missing = { path: "network", message: "is missing; a deployment needs it" };
  throw new ConfigError([...hostProblems(config), missing, ...sizeProblems(config)]);
}

/**
 * The same configuration, known to say where MySQL is and to fit into a stack. Throws ConfigError.
 */
export function hosted(config: Configuration): HostedConfiguration {
  const { source } = config;
  const problems = [...hostProblems(config), ...sizeProblems(config)];
  if (source.host === undefined || problems.length > 0) throw new ConfigError(problems);
  return { ...config, source: { ...source, host: source.host } };
}

function hostProblems({ source }: Configuration): ConfigProblem[] {
  if (source.host !== undefined) return [];
  return [{ path: "source.host", message: "is missing; a deployment needs it" }];
}
