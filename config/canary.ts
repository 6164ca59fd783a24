import { type ConfigProblem, pathText } from "./config-error.ts";
import type { Configuration } from "./configuration.ts";
import {
  CANARY_ENVIRONMENT,
  CANARY_SUBSCRIBER,
  CANARY_TABLE,
  CANARY_USER,
} from "./canary-names.ts";
import { queueEnvironments } from "./queues.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * Adds to a configuration object with a canary what the canary needs: a followed table, an
 * environment, and a subscriber that runs only in this environment. The canary's row is delivered
 * like any other, so the canary is an ordinary part of the configuration. An object without a
 * canary, or with these parts already, stays unchanged.
 */
export function withCanary(value: unknown): unknown {
  const parts = partsOf(value);
  if (parts === null) return value;
  const { root, source, environments, subscribers, user } = parts;
  const { [CANARY_ENVIRONMENT]: _, ...others } = environments;
  const everywhere = queueEnvironments({
    environments: others,
    otherUsers: typeof root["otherUsers"] === "string" ? root["otherUsers"] : "unrouted",
  });
  const tables = source["tables"] as readonly unknown[];
  return {
    ...root,
    source: {
      ...source,
      tables: tables.includes(CANARY_TABLE) ? tables : [...tables, CANARY_TABLE],
    },
    environments: {
      ...others,
      [CANARY_ENVIRONMENT]: { users: [user], alarms: { queueAgeSeconds: "off" } },
    },
    subscribers: {
      // A subscriber without `environments` runs in all environments except the canary's.
      ...Object.fromEntries(
        Object.entries(subscribers).map(([name, subscriber]) => [
          name,
          isFields(subscriber) ? { environments: everywhere, ...subscriber } : subscriber,
        ]),
      ),
      [CANARY_SUBSCRIBER]: { tables: [CANARY_TABLE], environments: [CANARY_ENVIRONMENT] },
    },
  };
}

/** Reports names of the canary that the configuration uses for something else. */
export function canaryProblems(value: unknown): ConfigProblem[] {
  const parts = partsOf(value);
  if (parts === null) return [];
  const taken = (
    section: "environments" | "subscribers",
    name: string,
    key: string,
    own: string,
  ) => {
    const one = parts[section][name];
    if (one === undefined || (isFields(one) && isOnly(one[key], own))) return [];
    const message = "has a reserved name: the canary uses it";
    return [{ path: pathText([section, name]), message }];
  };
  return [
    ...taken("environments", CANARY_ENVIRONMENT, "users", parts.user),
    ...taken("subscribers", CANARY_SUBSCRIBER, "tables", CANARY_TABLE),
  ];
}

/** The configuration without its canary. */
export function withoutCanary(config: Configuration): Configuration {
  if (config.canary === undefined) return config;
  const { canary: _, ...rest } = config;
  const { [CANARY_ENVIRONMENT]: _environment, ...environments } = config.environments;
  const { [CANARY_SUBSCRIBER]: _subscriber, ...subscribers } = config.subscribers;
  const tables = config.source.tables.filter((table) => table !== CANARY_TABLE);
  return { ...rest, environments, subscribers, source: { ...config.source, tables } };
}

interface Parts {
  readonly root: Fields;
  readonly source: Fields;
  readonly environments: Fields;
  readonly subscribers: Fields;
  readonly user: string;
}

/** Null when the object has no canary, or has parts of a wrong type, which the schema reports. */
function partsOf(value: unknown): Parts | null {
  if (!isFields(value)) return null;
  const { canary, source, environments, subscribers } = value;
  const isWhole =
    isFields(canary) &&
    isFields(source) &&
    Array.isArray(source["tables"]) &&
    isFields(environments) &&
    isFields(subscribers);
  if (!isWhole) return null;
  const user = typeof canary["user"] === "string" ? canary["user"] : CANARY_USER;
  return { root: value, source, environments, subscribers, user };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOnly(list: unknown, own: string): boolean {
  return Array.isArray(list) && list.length === 1 && list[0] === own;
}
