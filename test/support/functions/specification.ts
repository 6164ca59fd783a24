import type { RoutingInput } from "../../../functions/settings.ts";
import type { TestChange } from "./frames.ts";

/**
 * The routing as one would explain it, change by change, with no regard to speed: which lists of changes arrive in which
 * queue (`<subscriber>-<environment>`), a list for each message group. A change is told as
 * `<op> <number> <table> <key> <end of its id>`.
 */
export function specification(
  routing: RoutingInput,
  changes: readonly TestChange[],
): Map<string, string[]> {
  const lists = new Map<string, Map<string, string[]>>();
  for (const [index, change] of changes.entries()) {
    const { table = "shop.orders", op = "c" } = change;
    const author = environmentOf(routing, change);
    for (const [name, subscriber] of Object.entries(routing.subscribers)) {
      if (!chosen(subscriber.tables, table)) continue;
      for (const environment of [...Object.keys(routing.environments), "unrouted"]) {
        if (environment === "unrouted" && routing.otherUsers !== "unrouted") continue;
        if (subscriber.environments?.includes(environment) === false) continue;
        const ddl = op === "ddl" ? (subscriber.ddl ?? "author") : "author";
        if (ddl === "none" || (ddl === "author" && environment !== author)) continue;
        const queue = lists.get(`${name}-${environment}`) ?? new Map<string, string[]>();
        lists.set(`${name}-${environment}`, queue);
        for (const [group, told] of groups(subscriber.groupBy ?? "table", change, index + 1)) {
          queue.set(group, [...(queue.get(group) ?? []), told]);
        }
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

function environmentOf(
  { environments, otherUsers = "unrouted" }: RoutingInput,
  { user = "app_prod", host = "10.0.0.1" }: TestChange,
): string {
  const fitting = Object.entries(environments)
    .flatMap(([environment, { users }]) => users.map((entry) => ({ environment, entry })))
    .filter(({ entry }) => {
      const [userPattern = "", hostPattern = "*"] = entry.split("@");
      return like(userPattern, user ?? "") && like(hostPattern, host);
    })
    .map(({ environment, entry }) => {
      const [userPattern = ""] = entry.split("@");
      return { environment, exact: !userPattern.includes("*"), length: userPattern.length };
    })
    .sort((a, b) => Number(b.exact) - Number(a.exact) || b.length - a.length);
  return fitting[0]?.environment ?? otherUsers;
}

function chosen(patterns: readonly string[], table: string): boolean {
  const included = patterns.filter((pattern) => !pattern.startsWith("!"));
  const excluded = patterns.filter((pattern) => pattern.startsWith("!"));
  return (
    included.some((pattern) => like(pattern, table)) &&
    !excluded.some((pattern) => like(pattern.slice(1), table))
  );
}

/** A pattern with at most the wildcard `*`. */
function like(pattern: string, text: string): boolean {
  const [head = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return head === text;
  if (!text.startsWith(head)) return false;
  const tail = rest.join("*");
  for (let skip = head.length; skip <= text.length; skip++) {
    if (like(tail, text.slice(skip))) return true;
  }
  return false;
}

/** Group and what arrives there. */
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
