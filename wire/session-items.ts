import type { UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import { number, text, textOf, type Item } from "./attributes.ts";
import { decodeOperatorAnswers, type OperatorAnswer, withAnswer } from "./operator-answers.ts";
import { type Attribution, type Connection, orderKeyOf, type SessionEntry } from "./session.ts";

/**
 * The items of the sessions table, in which the reader records the users of connections for its
 * next start, for route and for retry. Connections with neighbouring thread ids share an item, so
 * that one write can record hundreds of connections that open together. An item has one attribute
 * for each connection, and another one for its operators' answers, which the reader never writes.
 * It expires by the table's time to live.
 */
export const SESSIONS_KEY = "chunk";
/** Seconds since 1970. */
export const SESSIONS_EXPIRES = "expires";
export const SESSIONS_PER_ITEM = 256;

/** Where a connection is recorded. */
export interface SessionAttributes {
  readonly key: string;
  /** The attribute with the reader's entries. */
  readonly attribute: string;
  /** The attribute with the operators' answers. */
  readonly answers: string;
}

/** The key of the item and the names of the attributes in which a connection is recorded. */
export function sessionItem({ server, run, thread }: Connection): SessionAttributes {
  const chunk = Math.floor(thread / SESSIONS_PER_ITEM);
  return { key: `${server}/${run}/${chunk}`, attribute: `t${thread}`, answers: `o${thread}` };
}

/** The distinct keys of the items that hold these connections. */
export function sessionItemKeys(connections: Iterable<Connection>): ReadonlySet<string> {
  return new Set(Array.from(connections, (connection) => sessionItem(connection).key));
}

/** An item's key in DynamoDB's form. */
export function encodeSessionKey(key: string): Record<string, ReturnType<typeof text>> {
  return { [SESSIONS_KEY]: text(key) };
}

/** The key of an item that DynamoDB returned. */
export function decodeSessionKey(item: Item): string {
  return textOf(item, SESSIONS_KEY) ?? "";
}

/**
 * A connection's entries with the operators' answers, from items by their keys; empty when there
 * are none.
 */
export function entriesIn(
  items: ReadonlyMap<string, Item>,
  connection: Connection,
): SessionEntry[] {
  const item = items.get(sessionItem(connection).key) ?? {};
  const entries = textOf(item, sessionItem(connection).attribute);
  const orderKey = orderKeyOf(connection);
  // Earlier readers ordered the entries by whole positions, so by the epoch first.
  const recorded = (entries === undefined ? [] : decodeSessionEntries(entries)).toSorted((a, b) => {
    const [from, other] = [orderKey(a.from), orderKey(b.from)];
    if (from === other) return 0;
    return from < other ? -1 : 1;
  });
  return answersIn(item, connection).reduce(
    (known, answer) => withAnswer(known, answer, orderKey),
    recorded,
  );
}

/** The operators' answers for a connection, in an item; the latest one comes last. */
export function answersIn(item: Item, connection: Connection): OperatorAnswer[] {
  const answers = textOf(item, sessionItem(connection).answers);
  return answers === undefined ? [] : decodeOperatorAnswers(answers);
}

export interface KnownSession {
  readonly connection: Connection;
  readonly entries: readonly SessionEntry[];
}

type SessionUpdate = Pick<
  UpdateItemCommandInput,
  "Key" | "UpdateExpression" | "ExpressionAttributeNames" | "ExpressionAttributeValues"
>;

/**
 * The updates that record these connections' entries, by the key of the item. `expires`: seconds
 * since 1970.
 */
export function sessionUpdates(
  known: readonly KnownSession[],
  expires: number,
): ReadonlyMap<string, SessionUpdate> {
  const items = Map.groupBy(known, ({ connection }) => sessionItem(connection).key);
  return new Map(
    Array.from(items, ([key, sessions]) => [
      key,
      {
        Key: encodeSessionKey(key),
        UpdateExpression: `SET ${["#expires = :expires", ...sessions.map((_, i) => `#a${i} = :a${i}`)].join(", ")}`,
        ExpressionAttributeNames: {
          "#expires": SESSIONS_EXPIRES,
          ...Object.fromEntries(
            sessions.map(({ connection }, i) => [`#a${i}`, sessionItem(connection).attribute]),
          ),
        },
        ExpressionAttributeValues: {
          ":expires": number(expires),
          ...Object.fromEntries(
            sessions.map(({ entries }, i) => [`:a${i}`, text(encodeSessionEntries(entries))]),
          ),
        },
      },
    ]),
  );
}

/** The text of a connection's attribute: its entries, oldest first. */
export function encodeSessionEntries(entries: readonly SessionEntry[]): string {
  return JSON.stringify(
    entries.map(({ from, user, host, attribution, tagged }) => [
      from,
      user,
      host,
      attribution,
      ...(tagged === undefined ? [] : [tagged.user, tagged.host]),
    ]),
  );
}

/**
 * The entries of a connection's attribute. Throws when `encodeSessionEntries` did not make the
 * text.
 */
function decodeSessionEntries(value: string): SessionEntry[] {
  const rows = JSON.parse(value) as EncodedEntry[];
  return rows.map(([from, user, host, attribution, taggedUser, taggedHost = ""]) => ({
    from,
    user,
    host,
    attribution,
    ...(taggedUser !== undefined && { tagged: { user: taggedUser, host: taggedHost } }),
  }));
}

/**
 * Earlier releases read only the first four fields. In an entry with a tagged account these say
 * that the user is unknown.
 */
type EncodedEntry = readonly [
  from: string,
  user: string,
  host: string,
  attribution: Attribution,
  taggedUser?: string,
  taggedHost?: string,
];
