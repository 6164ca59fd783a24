import { readFile } from "node:fs/promises";
import type * as z from "zod";
import { canaryProblems, withCanary } from "./canary.ts";
import { ConfigError, type ConfigProblem, schemaProblems } from "./config-error.ts";
import type {
  Configuration,
  DeployableConfiguration,
  HostedConfiguration,
} from "./configuration.ts";
import { draftOf } from "./draft.ts";
import { jsonErrorAt } from "./json-error.ts";
import { regionProblems } from "./region-rules.ts";
import { crossFieldProblems } from "./rules.ts";
import { configurationSchema } from "./schema.ts";
import { sizeProblems } from "./size-rules.ts";

/**
 * Checks a configuration object (`schema.ts` defines every key) and fills in the defaults. Throws
 * ConfigError with all problems, including those that span several keys.
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

/** Checks a part of the configuration, by its schema only. Throws ConfigError. */
export function loadPart<Part extends z.ZodType>(part: Part, value: unknown): z.output<Part> {
  const parsed = part.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new ConfigError(schemaProblems(parsed.error.issues));
}

/**
 * The key of the configuration object in the CDK app's context. Its value may be a list of objects,
 * with one stack for each source.
 */
export const CONTEXT_KEY = "binlog-router";

/**
 * Reads and checks the configuration in a JSON file (see `readConfigObject`). Throws ConfigError.
 */
export async function readConfigFile(path: string): Promise<Configuration> {
  return loadConfig(await readConfigObject(path));
}

/**
 * Reads the configuration object from a JSON file, which is the object itself or a cdk.json with
 * the object in its context. `name` chooses one of several sources. Throws ConfigError.
 */
export async function readConfigObject(path: string, name?: string): Promise<unknown> {
  const objects = await readConfigObjects(path, name);
  if (objects.length === 1) return objects[0];
  throw fileError(
    `${path} configures several sources (${objects.map(nameOf).join(", ")}); choose one by its name, or name a file that has only one`,
  );
}

/**
 * Reads all configuration objects of a file, or the one with this name. Returns at least one.
 * Throws ConfigError.
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
    const at = jsonErrorAt(text);
    const where = at === null ? "" : `: see line ${at.line}, column ${at.column}`;
    throw fileError(`${path} is not JSON${where}`, { cause });
  }
}

function fileError(what: string, options?: ErrorOptions): ConfigError {
  return new ConfigError([{ path: "", message: `file ${what}` }], options);
}

/** Checks that a configuration has what a deployment needs. Throws ConfigError. */
export function deployable(config: Configuration): DeployableConfiguration {
  const { network } = config;
  if (network !== undefined) return { ...hosted(config), network };
  const missing = { path: "network", message: "is missing; a deployment needs it" };
  throw new ConfigError([...hostProblems(config), missing, ...stackProblems(config)]);
}

/**
 * Checks that a configuration names MySQL's host, fits into one stack, and names resources of the
 * stack's region only. `region`: undefined when the deployment decides. Throws ConfigError.
 */
export function hosted(
  config: Configuration,
  region = config.deployment.region,
): HostedConfiguration {
  const problems = [...hostProblems(config), ...stackProblems(config, region)];
  if (problems.length > 0) throw new ConfigError(problems);
  return ofAnySize(config);
}

/** Checks only that a configuration names MySQL's host: `npm start` has no limits of AWS. */
export function ofAnySize(config: Configuration): HostedConfiguration {
  const { source } = config;
  if (source.host === undefined) throw new ConfigError(hostProblems(config));
  return { ...config, source: { ...source, host: source.host } };
}

/** What AWS would refuse in the middle of a deployment. */
function stackProblems(config: Configuration, region = config.deployment.region): ConfigProblem[] {
  return [...regionProblems(config, region), ...sizeProblems(config)];
}

function hostProblems({ source }: Configuration): ConfigProblem[] {
  if (source.host !== undefined) return [];
  return [{ path: "source.host", message: "is missing; a deployment needs it" }];
}
