import type { RoutingInput } from "../../../config/routing.ts";
import type { TestChange } from "./frames.ts";

/**
 * The routing as one would explain it, change by change, without regard to speed. Returns the lists
 * of changes that arrive in each queue (`<subscriber>-<environment>`), a list for each message
 * group. A change is written as `<op> <number> <table> <key> <end of its id>`.
 */
export function specification(
  routing: RoutingInput,
  changes: readonly TestChange[],
): Map<string, string[]> {
  const lists = new Map<string, Map<string, string[]>>();
  for (const [index, change] of changes.entries()) {
    for (const { subscriber, environment } of queuesOf(routing, change)) {
      const queue = lists.get(`${subscriber}-${environment}`) ?? new Map<string, string[]>();
      lists.set(`${subscriber}-${environment}`, queue);
      const { groupBy = "table" } = routing.subscribers[subscriber] ?? {};
      for (const [group, told] of groups(groupBy, change, index + 1)) {
        queue.set(group, [...(queue.get(group) ?? []), told]);
      }
    }
  }
  return new Map(
    [...lists].map(([queue, byGroup]) => [
      queue,
      [...byGroup.values()].map((list) => list.join("\n")),
    ]),
  );
}

/** The queues that get a change. */
export function queuesOf(
  routing: RoutingInput,
  change: TestChange,
): { readonly subscriber: string; readonly environment: string }[] {
  const { table = "shop.orders", op = "c" } = change;
  const author = environmentOf(routing, change);
  return Object.entries(routing.subscribers).flatMap(([subscriber, rules]) => {
    if (!chosen(rules.tables, table)) return [];
    return [...Object.keys(routing.environments), "unrouted"]
      .filter((environment) => {
        if (environment === "unrouted" && routing.otherUsers !== "unrouted") return false;
        if (rules.environments?.includes(environment) === false) return false;
        const ddl = op === "ddl" ? (rules.ddl ?? "author") : "author";
        return ddl === "all" || (ddl === "author" && environment === author);
      })
      .map((environment) => ({ subscriber, environment }));
  });
}

/** The author's environment; if it has none, the value of `otherUsers`. */
function environmentOf(
  { environments, otherUsers = "unrouted" }: RoutingInput,
  { user = "app_prod", host = "10.0.0.1" }: TestChange,
): string {
  const fitting = Object.entries(environments)
    .flatMap(([environment, { users }]) => users.map((entry) => ({ environment, entry })))
    .map(({ environment, entry }) => {
      const [userPattern = "", hostPattern = "*"] = entry.split("@");
      return { environment, userPattern, hostPattern: hostPattern.toLowerCase() };
    })
    .filter(
      ({ userPattern, hostPattern }) =>
        like(userPattern, user ?? "") && like(hostPattern, host.toLowerCase()),
    )
    .sort((a, b) => closer(a.userPattern, b.userPattern) || closer(a.hostPattern, b.hostPattern));
  return fitting[0]?.environment ?? otherUsers;
}

/** Negative when the first of two matching patterns takes precedence. */
function closer(a: string, b: string): number {
  if (isExact(a) && isExact(b)) return 0;
  return Number(isExact(b)) - Number(isExact(a)) || b.length - a.length;
}

function isExact(pattern: string): boolean {
  return !pattern.includes("*") && !pattern.includes("?");
}

function chosen(patterns: readonly string[], table: string): boolean {
  const included = patterns.filter((pattern) => !pattern.startsWith("!"));
  const excluded = patterns.filter((pattern) => pattern.startsWith("!"));
  return (
    included.some((pattern) => like(pattern, table)) &&
    !excluded.some((pattern) => like(pattern.slice(1), table))
  );
}

/** Whether a text matches a pattern: `*` is any text, `?` any one character. */
function like(pattern: string, text: string): boolean {
  if (pattern === "") return text === "";
  const rest = pattern.slice(1);
  if (pattern.startsWith("*")) {
    return like(rest, text) || (text !== "" && like(pattern, text.slice(1)));
  }
  if (text === "" || (!pattern.startsWith("?") && pattern[0] !== text[0])) return false;
  return like(rest, text.slice(1));
}

/** Pairs of a message group and the change that arrives in it. */
function groups(
  groupBy: "table" | "key" | "source",
  { table = "shop.orders", op = "c", id, oldId }: TestChange,
  number: number,
): [string, string][] {
  const keyed = op !== "t" && op !== "ddl";
  const key = keyed ? JSON.stringify({ id }) : "null";
  const tell = (told: string, aKey: string, end = "/0") =>
    `${told} ${number} ${table} ${aKey} ${end}`;
  if (groupBy === "source") return [["", tell(op, key)]];
  if (groupBy === "table") return [[table, tell(op, key)]];
  if (oldId === undefined) return [[`${table} ${key}`, tell(op, key)]];
  const oldKey = JSON.stringify({ id: oldId });
  return [
    [`${table} ${oldKey}`, tell("d", oldKey, "/d")],
    [`${table} ${key}`, tell("c", key, "/c")],
  ];
}
