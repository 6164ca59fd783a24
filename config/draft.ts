import { configurationSchema } from "./schema.ts";

/**
 * The readable parts of a configuration that may have errors. The rules that span several keys
 * check a draft, so that an error in one key does not hide their findings.
 */
export interface Draft {
  readonly name: string | undefined;
  readonly sourceTables: readonly string[];
  readonly statementTables: readonly string[];
  /** The users of each environment. */
  readonly environments: Readonly<Record<string, readonly string[]>>;
  readonly subscribers: Readonly<Record<string, DraftSubscriber>>;
  readonly otherUsers: string;
  readonly lanes: number;
  readonly delayMs: number;
  readonly lagSeconds: number;
  readonly queueDays: number;
  readonly payloadDays: number;
}

interface DraftSubscriber {
  readonly tables: readonly string[];
  readonly groupBy: unknown;
  readonly format: unknown;
  readonly encoding: unknown;
  readonly snapshot: unknown;
  readonly keyBuckets: unknown;
  readonly environments: readonly string[] | undefined;
  /** The patterns of `columns`, each with its path in the subscriber. */
  readonly columnPatterns: readonly DraftPattern[];
  /** The table patterns of `where`. */
  readonly wherePatterns: readonly DraftPattern[];
}

interface DraftPattern {
  readonly path: readonly PropertyKey[];
  readonly pattern: string;
}

const { otherUsers, lanes, delivery, alarms, retention } = configurationSchema.shape;
const DEFAULTS = {
  otherUsers: otherUsers.parse(undefined),
  lanes: lanes.parse(undefined),
  delivery: delivery.parse(undefined),
  alarms: alarms.parse(undefined),
  retention: retention.parse(undefined),
};

/** Makes a draft from any value. Parts of a wrong type count as left out. */
export function draftOf(value: unknown): Draft {
  const root = fieldsOf(value);
  const { delayMs } = fieldsOf(root["delivery"]);
  const { lagSeconds } = fieldsOf(root["alarms"]);
  const { queueDays, payloadDays } = fieldsOf(root["retention"]);
  return {
    name: typeof root["name"] === "string" ? root["name"] : undefined,
    sourceTables: stringsOf(fieldsOf(root["source"])["tables"]),
    statementTables: stringsOf(fieldsOf(root["source"])["statementTables"]),
    environments: mapFields(root["environments"], ({ users }) => stringsOf(users)),
    subscribers: mapFields(
      root["subscribers"],
      ({
        tables,
        groupBy,
        keyBuckets,
        format,
        encoding,
        snapshot,
        environments,
        columns,
        where,
      }) => ({
        tables: stringsOf(tables),
        groupBy,
        keyBuckets,
        format,
        encoding,
        snapshot,
        columnPatterns: columnPatternsOf(fieldsOf(columns)),
        wherePatterns: Object.keys(fieldsOf(where)).map((pattern) => ({
          path: ["where", pattern],
          pattern,
        })),
        environments: Array.isArray(environments) ? stringsOf(environments) : undefined,
      }),
    ),
    otherUsers: typeof root["otherUsers"] === "string" ? root["otherUsers"] : DEFAULTS.otherUsers,
    lanes: numberOr(root["lanes"], DEFAULTS.lanes),
    delayMs: numberOr(delayMs, DEFAULTS.delivery.delayMs),
    lagSeconds: numberOr(lagSeconds, DEFAULTS.alarms.lagSeconds),
    queueDays: numberOr(queueDays, DEFAULTS.retention.queueDays),
    payloadDays: numberOr(payloadDays, DEFAULTS.retention.payloadDays),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {};
}

function mapFields<Result>(
  value: unknown,
  transform: (fields: Fields) => Result,
): Readonly<Record<string, Result>> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value)).map(([name, inner]) => [name, transform(fieldsOf(inner))]),
  );
}

function columnPatternsOf({ include, exclude, mask }: Fields): DraftPattern[] {
  return [
    ...listedPatterns("include", include),
    ...listedPatterns("exclude", exclude),
    ...Object.keys(fieldsOf(mask)).map((pattern) => ({
      path: ["columns", "mask", pattern],
      pattern,
    })),
  ];
}

function listedPatterns(name: string, value: unknown): DraftPattern[] {
  return stringsOf(value).map((pattern, index) => ({ path: ["columns", name, index], pattern }));
}

/** The texts of a list at their indexes. Other values become "", which matches nothing. */
function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map((item) => (typeof item === "string" ? item : "")) : [];
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
