import type { Command } from "commander";
import { formatStartPoint } from "../../../config/start-point.ts";
import { describeOffset } from "../../../reader/offsets/offset.ts";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import type { ReaderItem } from "../../../reader/offsets/reader-item.ts";
import { gtidOf } from "../../../reader/transactions/transaction.ts";
import { xidText } from "../../../reader/transactions/xid-text.ts";
import { onStack, type StackContext } from "../../shared/command.ts";

export function show(offsets: Command): void {
  offsets
    .command("show", { isDefault: true })
    .description("show the reader's offset, its epoch, and who holds the lease")
    .action(onStack(showItem));
}

async function showItem({ target, report }: StackContext): Promise<void> {
  const item = await new OffsetStore(target.dynamodb, target.offsetsTable).load();
  const offset = item.offset && { ...item.offset, lanes: [...item.offset.lanes] };
  report({ ...item, offset }, () => itemText(item));
}

function itemText(item: ReaderItem): string {
  const lines = [`reads from:  ${describeReadingPoint(item)}`];
  if (item.offset !== null) {
    const { epoch, server, file, offset, begunAt, committedMs, lanes, waiting, keptXa } =
      item.offset;
    lines.push(`epoch:       ${epoch}, of server ${server}`);
    lines.push(`file:        ${file}:${offset}`);
    if (begunAt !== undefined) lines.push(`begun at:    ${begunAt.file}:${begunAt.offset}`);
    if (committedMs > 0) lines.push(`committed:   ${new Date(committedMs).toISOString()}`);
    if (waiting !== undefined) {
      const since = new Date(waiting.preparedMs).toISOString();
      const gtid = waiting.gtid === null ? "" : ` (${waiting.gtid})`;
      lines.push(`waits for:   XA transaction ${xidText(waiting.xid)}${gtid}, prepared ${since}`);
      lines.push(
        "             A reader that starts goes back to it until it is committed or rolled back.",
      );
    }
    for (const { xid, transaction } of keptXa) {
      const gtid = gtidOf(transaction);
      const since = new Date(transaction.committedUs / 1000).toISOString();
      lines.push(
        `prepared:    XA transaction ${xidText(xid)}${gtid === null ? "" : ` (${gtid})`} since ${since}`,
      );
    }
    if (keptXa.length > 0)
      lines.push(
        "             Their changes are kept in the payload bucket until they are committed or rolled back.",
      );
    for (const [lane, position] of lanes) lines.push(`lane ${lane}:      sent up to ${position}`);
  }
  const { stop } = item;
  if (stop !== null) {
    lines.push(
      `stopped:     ${new Date(stop.sinceMs).toISOString()}, ${stop.error}: ${stop.message}`,
    );
    if (stop.isKept)
      lines.push("             It stays stopped until `offsets set` or `offsets continue`.");
  }
  lines.push(`held by:     ${item.lease?.owner ?? "nobody"}`);
  return lines.join("\n");
}

/** Describes where the reader reads from, as text. */
export function describeReadingPoint({ offset, newStart }: ReaderItem): string {
  if (newStart !== null) return `${formatStartPoint(newStart.start)} (ordered, not begun yet)`;
  return offset === null ? "nowhere yet: the source was never read" : describeOffset(offset);
}
