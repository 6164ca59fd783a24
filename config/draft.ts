/**
 * What can be understood of a configuration that may be wrong in places: the rules between several keys look at this, so
 * that a mistyped key elsewhere does not hide what they have to say.
 */
export interface Draft {
  readonly name: string | undefined;
  readonly sourceTables: readonly string[];
  /** Each environment's users. */
  readonly environments: ReadonlyMap<string, readonly string[]>;
  readonly subscribers: ReadonlyMap<string, DraftSubscriber>;
  readonly otherUsers: string;
  readonly lanes: number;
  readonly queueDays: number | undefined;
  readonly payloadDays: number | undefined;
}

interface DraftSubscriber {
  readonly tables: readonly string[];
  readonly groupBy: unknown;
  readonly environments: readonly string[] | undefined;
}

/** The draft of any value; parts of another type than they should be count as left out. */
export function draftOf(value: unknown): Draft {
  const root = fieldsOf(value);
  const retention = fieldsOf(root["retention"]);
  return {
    name: typeof root["name"] === "string" ? root["name"] : undefined,
    sourceTables: stringsOf(fieldsOf(root["source"])["tables"]),
    environments: new Map(
      Object.entries(fieldsOf(root["environments"])).map(([name, environment]) => [
        name,
        stringsOf(fieldsOf(environment)["users"]),
      ]),
    ),
    subscribers: new Map(
      Object.entries(fieldsOf(root["subscribers"])).map(([name, subscriber]) => {
        const { tables, groupBy, environments } = fieldsOf(subscriber);
        return [
          name,
          {
            tables: stringsOf(tables),
            groupBy,
            environments: Array.isArray(environments) ? stringsOf(environments) : undefined,
          },
        ];
      }),
    ),
    otherUsers: typeof root["otherUsers"] === "string" ? root["otherUsers"] : "unrouted",
    lanes: typeof root["lanes"] === "number" ? root["lanes"] : 1,
    queueDays: numberOf(retention["queueDays"]),
    payloadDays: numberOf(retention["payloadDays"]),
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** Keeps the places: what is no text becomes "", which matches nothing. */
function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map((item) => (typeof item === "string" ? item : "")) : [];
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
