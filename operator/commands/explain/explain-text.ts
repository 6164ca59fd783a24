import type { ExplainedChange, QueueFate } from "./explained-change.ts";
import type { ParkedState } from "./parked-state.ts";

const OPERATIONS: Readonly<Record<string, string>> = {
  c: "insert",
  u: "update",
  d: "delete",
  t: "truncate",
  ddl: "table definition",
};

/** Describes a change as text: when, what and who, and one line for each queue. */
export function changeText(change: ExplainedChange): string {
  const { at, op, table, key, gtid, file, pos, author, environment, fate, connection } = change;
  const lines = [
    `${at}  ${OPERATIONS[op] ?? op} of ${table}${key === null ? "" : ` ${JSON.stringify(key)}`}`,
    `  where        ${file}:${pos}${gtid === null ? "" : `, ${gtid}`}`,
    author === null
      ? `  author       not known (connection ${connection})`
      : author.attribution === "server"
        ? "  author       the server itself, which emptied the table after its start; all environments get it"
        : `  author       ${author.user}${author.host === "" ? "" : `@${author.host}`} (known by ${author.attribution}; connection ${connection})`,
  ];
  if (environment !== null) lines.push(`  environment  ${environment}`);
  if (change.before !== undefined) lines.push(`  before       ${JSON.stringify(change.before)}`);
  if (change.after !== undefined) lines.push(`  after        ${JSON.stringify(change.after)}`);
  if (fate !== null) lines.push(`  all queues   ${fateText(fate)}`);
  for (const queue of change.queues)
    lines.push(`  ${queue.subscriber.padEnd(12)} ${queueText(queue, op)}`);
  return lines.join("\n");
}

function fateText(fate: NonNullable<ExplainedChange["fate"]>): string {
  switch (fate.kind) {
    case "dropped":
      return "dropped: the author belongs to no environment, and otherUsers is drop";
    case "unrecorded":
      return (
        "not known: the change was routed and is in no failure record; the reader knew its author from the process list, " +
        "which no longer lists the connection"
      );
    case "parked":
    case "discarded":
    case "uncertain":
      return parkedText(fate);
    default:
      return PLACES[fate.kind];
  }
}

const PLACES = {
  "on-its-way": "on its way: the reader has sent it, and it waits in the raw queue",
  "not-read": "not read yet: the reader has not reached it",
  "before-start":
    "not delivered since reading began there: it precedes the position of a first start or of offsets set; " +
    "if the reader had read it before that, it was delivered then",
  "not-comparable":
    "not known: the reader's offset belongs to another binlog than the one that was searched",
} as const;

function queueText(queue: QueueFate, op: string): string {
  switch (queue.kind) {
    case "not-subscribed":
      return `not subscribed: ${queue.why}`;
    case "filtered":
      return `filtered out of ${queue.queueName} by its condition: ${queue.where}`;
    case "delivered":
      return `delivered to ${queue.queueName}${detailText(queue, op)}`;
    case "parked":
    case "discarded":
    case "uncertain":
      return queue.parked === undefined ? queue.kind : parkedText(queue.parked);
    default:
      return PLACES[queue.kind];
  }
}

function detailText(
  { op: arrives, hidden }: Extract<QueueFate, { readonly hidden: unknown }>,
  op: string,
): string {
  const details = [
    ...(arrives === op ? [] : [`as ${OPERATIONS[arrives] ?? arrives}`]),
    ...(hidden.leftOut.length === 0 ? [] : [`without ${hidden.leftOut.join(", ")}`]),
    ...(hidden.masked.length === 0 ? [] : [`masked: ${hidden.masked.join(", ")}`]),
  ];
  return details.length === 0 ? "" : ` (${details.join("; ")})`;
}

function parkedText(fate: ParkedState): string {
  // A repeat of the frame leaves no trace of what it delivered.
  if (fate.kind === "discarded")
    return `discarded by an operator, unless its frame came again later; it was parked in ${fate.stream}`;
  if (fate.kind === "uncertain")
    return `not known: delivered, or in a record whose content is lost or sealed (failures show ${fate.stream})`;
  const since = new Date(fate.sinceMs).toISOString();
  const error = fate.error === "" ? "" : `: ${fate.error}`;
  const behind = fate.behind === undefined ? "" : ` what is parked for ${fate.behind}`;
  return `parked since ${since}, ${fate.reason}${behind}${error} (failures show ${fate.stream})`;
}
