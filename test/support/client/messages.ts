import type { Change, EnvironmentMessage } from "../../../wire/message.ts";
import { formatPosition } from "../../../wire/position.ts";

/** A change at an offset of an invented stream. */
export function change(offset: number, more: Partial<Change> = {}): Change {
  return {
    id: `5441fac8-0000-4000-8000-000000000001:${offset}/0`,
    op: "c",
    before: null,
    after: { id: offset },
    key: { id: offset },
    user: "app_staging",
    host: "10.0.3.7",
    attribution: "ledger",
    source: {
      db: "shop",
      table: "orders",
      file: "mysql-bin.000001",
      pos: offset,
      row: 0,
      gtid: `5441fac8-0000-4000-8000-000000000001:${offset}`,
      thread: 24,
      server_id: 1,
      ts_ms: 1_795_190_000_000 + offset,
    },
    ...more,
  };
}

/** The position of `change(offset)` in a message of this epoch. */
export function positionAt(offset: number, epoch = 1): string {
  return formatPosition({ epoch, file: 1, offset, row: 0 });
}

/** A message of the queue of billing in staging, with changes at these offsets. */
export function message(
  offsets: readonly number[],
  more: Partial<EnvironmentMessage> & { readonly epoch?: number } = {},
): EnvironmentMessage {
  const { epoch = 1, ...fields } = more;
  return {
    version: 1,
    source: "shop",
    subscriber: "billing",
    environment: "staging",
    group: "shop.orders",
    first: positionAt(offsets[0] ?? 0, epoch),
    last: positionAt(offsets.at(-1) ?? 0, epoch),
    changes: offsets.map((offset) => change(offset)),
    ...fields,
  };
}
