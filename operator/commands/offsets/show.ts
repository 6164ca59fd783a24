import type { Command } from "commander";
import { formatStartPoint } from "../../../config/start-point.ts";
import { describeOffset } from "../../../reader/offsets/offset.ts";
import { OffsetStore, type ReaderItem } from "../../../reader/offsets/offset-store.ts";
import { onStack, type StackContext } from "../../shared/command.ts";

export function show(offsets: Command): void {
  offsets
    .command("show", { isDefault: true })
    .description("the reader's offset, its epoch, who holds the lease")
    .action(onStack(showItem));
}

async function showItem({ target, report }: StackContext): Promise<void> {
  const item = await new OffsetStore(target.dynamodb, target.offsetsTable).load();
  const offset = item.offset && { ...item.offset, lanes: [...item.offset.lanes] };
  report({ ...item, offset }, () => itemText(item));
}

function itemText(item: ReaderItem): string {
  const lines = [`reads from:  ${describePlace(item)}`];
  if (item.offset !== null) {
    const { epoch, server, file, offset, committedMs, lanes } = item.offset;
    lines.push(`epoch:       ${epoch}, of server ${server}`);
    lines.push(`file:        ${file}:${offset}`);
    if (committedMs > 0) lines.push(`committed:   ${new Date(committedMs).toISOString()}`);
    for (const [lane, position] of lanes) lines.push(`lane ${lane}:      sent up to ${position}`);
  }
  lines.push(`held by:     ${item.lease?.owner ?? "nobody"}`);
  return lines.join("\n");
}

/** Where the reader reads from, for people. */
export function describePlace({ offset, newStart }: ReaderItem): string {
  if (newStart !== null) return `${formatStartPoint(newStart.start)} (ordered, not begun yet)`;
  return offset === null ? "nowhere yet: the source was never read" : describeOffset(offset);
}
