import { type Change, type ChangeSource, isChange, isRecord } from "./change.ts";

/** The version of a message whose changes leave out what the change before them says already. */
export const COMPACT_VERSION = 3;

/** What a change takes from the one before it, unless it has a value of its own. */
type Inherited = Pick<Change, "user" | "host" | "attribution" | "source">;

/** A change as it was written. Only `id` and `source` are checked. */
interface CompactChange extends Partial<Omit<Change, "source">> {
  readonly id: string;
  readonly source: Partial<ChangeSource>;
}

const SLASH = 47;

/**
 * The changes of a message of version 3, as version 1 would have them; null when one lacks what
 * these rules need. docs/message-format.md has the rules.
 */
export function wholeChanges(changes: readonly unknown[]): Change[] | null {
  const [first] = changes;
  if (!isCompact(first) || !isComplete(first)) return null;
  let previous: Inherited = first;
  const whole: Change[] = [];
  for (const compact of changes) {
    if (!isCompact(compact)) return null;
    const change = wholeChange(compact, previous);
    if (!isChange(change)) return null;
    whole.push(change);
    previous = change;
  }
  return whole;
}

function isCompact(value: unknown): value is CompactChange {
  return isRecord(value) && typeof value["id"] === "string" && isRecord(value["source"]);
}

/** Whether a change has all that it could take from a change before it. `isChange` checks more. */
function isComplete(change: CompactChange): change is CompactChange & Inherited {
  const { user, host, attribution, source } = change;
  return (
    typeof user === "string" &&
    typeof host === "string" &&
    typeof attribution === "string" &&
    (typeof source.gtid === "string" || source.gtid === null) &&
    typeof source.thread === "number" &&
    typeof source.server_id === "number" &&
    typeof source.ts_ms === "number"
  );
}

/** All changes of rows have the same shape, and the members the same order as in version 1. */
function wholeChange(compact: CompactChange, previous: Inherited): unknown {
  const source = wholeSource(compact.source, previous.source);
  let { id } = compact;
  if (id.charCodeAt(0) === SLASH) {
    if (typeof source.gtid !== "string") return null;
    id = source.gtid + id;
  }
  const { op, before = null, after = null, key = null, statement, snapshot } = compact;
  const { user = previous.user, host = previous.host } = compact;
  const { attribution = previous.attribution } = compact;
  if (statement === undefined && snapshot === undefined) {
    return { id, op, before, after, key, user, host, attribution, source };
  }
  const own = { ...(statement !== undefined && { statement }), ...(snapshot && { snapshot }) };
  return { id, op, before, after, key, ...own, user, host, attribution, source };
}

function wholeSource(compact: Partial<ChangeSource>, previous: ChangeSource): ChangeSource {
  const {
    db = previous.db,
    table = previous.table,
    file = previous.file,
    pos = previous.pos,
    row = previous.row,
    gtid = previous.gtid,
    thread = previous.thread,
    server_id = previous.server_id,
    ts_ms = previous.ts_ms,
  } = compact;
  return { db, table, file, pos, row, gtid, thread, server_id, ts_ms };
}
