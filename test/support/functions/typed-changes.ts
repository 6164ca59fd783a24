import type { TypedChange } from "../../../wire/formats/typed-change.ts";
import { jsonText } from "../../../wire/formats/json-text.ts";
import { change } from "../client/messages.ts";

/** A change for the converters of wire/formats; what is left out has a default. */
export function typedChange(
  columns: Readonly<Record<string, string>>,
  fields: Parameters<typeof change>[1],
  {
    key = ["id"],
    transaction = { n: 0, last: true },
  }: {
    readonly key?: readonly string[];
    readonly transaction?: { readonly n: number; readonly last: boolean };
  } = {},
): TypedChange {
  const changed = change(4, fields);
  const { id, op, before, after, statement = "", source, user, host, attribution } = changed;
  const { db: database, table, file, pos: offset, row, gtid, thread } = source;
  const { server_id: serverId, ts_ms: timestampMs } = source;
  return {
    id,
    keyValues: changed.key,
    changeText: jsonText(changed),
    op,
    before,
    after,
    statement,
    mark: null,
    author: { user, host, attribution },
    environment: "staging",
    source: "shop",
    database,
    table,
    transaction: { gtid, file, thread, run: 1, serverId, timestampMs, author: null },
    offset,
    row,
    n: transaction.n,
    isLast: transaction.last,
    columns: Object.entries(columns).map(([name, type]) => [name, type, true]),
    key,
  };
}
