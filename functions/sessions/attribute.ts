import type { FrameHeader } from "../../wire/frame.ts";
import { userOfGtid } from "../../wire/account-tag.ts";
import {
  authorAt,
  connectionName,
  entryAt,
  orderKeyOf,
  type Author,
  type Connection,
  type SessionEntry,
} from "../../wire/session.ts";
import { isOfTwinLife, type NamedPosition } from "../failures/named-position.ts";
import type { PositionedChange } from "../frame/read-frame.ts";
import { authorIn } from "../frame/sub-frame.ts";
import type { AuthoredChange } from "../message/authored-change.ts";
import type { EnvironmentOf } from "../routing/environments.ts";

/**
 * The data of the sessions and failures tables about a connection whose author the frame does not
 * name.
 */
export interface ConnectionKnowledge {
  readonly entries: readonly SessionEntry[];
  /**
   * The connection's unattributed changes up to this position are in its parked stream, or were
   * delivered from there; null when it has never had any. Changes of a twin life are not included.
   */
  readonly parkedUpTo: NamedPosition | null;
}

export interface AttributionResult {
  readonly authored: readonly AuthoredChange[];
  /** By connection: changes with an unknown author or that are parked already, in order. */
  readonly orphans: ReadonlyMap<string, readonly PositionedChange[]>;
}

/** The connection that wrote a change. */
export function connectionOf(header: FrameHeader, change: PositionedChange): Connection {
  const transaction = header.transactions[change.transaction];
  return {
    server: header.server,
    run: transaction?.run ?? 0,
    thread: transaction?.thread ?? 0,
  };
}

/**
 * The connections whose authors must be looked up, by name: the frame does not contain the author,
 * or lacks the host that the environment depends on.
 */
export function unnamedConnections(
  header: FrameHeader,
  changes: readonly PositionedChange[],
  environmentOf: EnvironmentOf,
): ReadonlyMap<string, Connection> {
  const found = new Map<string, Connection>();
  for (const change of changes) {
    if (namedAuthor(header, change, environmentOf) !== undefined) continue;
    const connection = connectionOf(header, change);
    found.set(connectionName(connection), connection);
  }
  return found;
}

/**
 * Finds the author of each change: the frame's author, otherwise the sessions table's entry for the
 * connection. Without either, the change is an orphan. A change that an earlier delivery of the
 * same frame parked stays an orphan even if its author has become known since, because the parked
 * copy will be delivered.
 */
export function attribute(
  header: FrameHeader,
  changes: readonly PositionedChange[],
  knowledge: ReadonlyMap<string, ConnectionKnowledge>,
  environmentOf: EnvironmentOf,
): AttributionResult {
  const authored: AuthoredChange[] = [];
  const orphans = new Map<string, PositionedChange[]>();
  for (const change of changes) {
    const named = namedAuthor(header, change, environmentOf);
    if (named !== undefined) {
      authored.push({ change, author: named });
      continue;
    }
    const name = connectionName(connectionOf(header, change));
    const known = knowledge.get(name);
    const parked = isParked({ position: change.position, life: header.life ?? null }, known);
    const author = parked ? undefined : knownAuthor(header, change, known?.entries ?? []);
    if (author !== undefined) authored.push({ change, author });
    else append(orphans, name, change);
  }
  return { authored, orphans };
}

function isParked(
  change: NamedPosition,
  { parkedUpTo }: Pick<ConnectionKnowledge, "parkedUpTo"> = { parkedUpTo: null },
): boolean {
  return (
    parkedUpTo !== null &&
    change.position <= parkedUpTo.position &&
    !isOfTwinLife(change, parkedUpTo)
  );
}

function namedAuthor(
  header: FrameHeader,
  change: PositionedChange,
  environmentOf: EnvironmentOf,
): Author | undefined {
  const author = authorIn(header, change);
  const lacksHost = author?.attribution === "tag" && author.host === "";
  return lacksHost && environmentOf.dependsOnHost(author.user) ? undefined : author;
}

/**
 * The author of a change according to its connection's entries. For a transaction with a tag, the
 * user is the tag's and the entries only add the host; without a matching entry the author is
 * unknown. An operator's answer takes precedence over the tag. The GTID of an XA transaction is
 * that of its commit, perhaps by another user; the frame's author has the tag of its prepare.
 */
function knownAuthor(
  header: FrameHeader,
  change: PositionedChange,
  entries: readonly SessionEntry[],
): Author | undefined {
  const transaction = header.transactions[change.transaction];
  const position = transaction?.preparedAt ?? change.position;
  const orderKey = orderKeyOf(connectionOf(header, change));
  const author = authorAt(entries, position, orderKey);
  const user = authorIn(header, change)?.user ?? userOfGtid(transaction?.gtid ?? null);
  if (user === null || author?.attribution === "operator") return author;
  const tagged = entryAt(entries, position, orderKey)?.tagged;
  return tagged?.user === user && tagged.host !== ""
    ? { user, host: tagged.host, attribution: "tag" }
    : undefined;
}

function append<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
