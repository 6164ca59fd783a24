import type { QueueView } from "@binlog-router/local-aws";
import { streamText } from "../../../../functions/failures/stream.ts";
import type { AwsClients } from "@binlog-router/local-aws/clients";
import type { StackParts } from "../../running/stack-parts.ts";
import { failureItems, type FailureItems } from "../../running/failure-records.ts";
import type { WatchedRouter } from "../../running/watched-router.ts";
import type { Monitor } from "../metrics/monitor.ts";
import { processUsage } from "../metrics/process-usage.ts";
import { alarmFacts } from "./alarm-facts.ts";
import type { Facts, ParkedStream, QueueFacts, ReaderFacts, SourceFacts } from "./facts.ts";

export interface FactSources {
  readonly parts: Pick<StackParts, "source" | "aws" | "topology" | "queues">;
  readonly clients: Pick<AwsClients, "dynamodb">;
  readonly router: Pick<WatchedRouter, "readerHealthUrl">;
  readonly monitor: Pick<Monitor, "alarms">;
  readonly startedMs: number;
}

/** Takes the facts of this moment. A part that does not answer leaves out its own facts only. */
export async function gatherFacts(sources: FactSources): Promise<Facts> {
  const { parts, clients, router, monitor, startedMs } = sources;
  const [reader, source, failures] = await Promise.all([
    readerFacts(router.readerHealthUrl),
    sourceFacts(parts.source),
    failureFacts(clients.dynamodb, parts.topology.tables.failures),
  ]);
  const views = new Map(parts.aws.queues.all().map((view) => [view.name, view]));
  const rawUrl = parts.topology.route.eventSource.queueUrl;
  return {
    nowMs: Date.now(),
    startedMs,
    source,
    reader,
    raw: queueFacts(rawUrl.slice(rawUrl.lastIndexOf("/") + 1), views),
    queues: parts.queues.map(({ environment, subscriber, queueName }) => ({
      environment,
      subscriber,
      ...queueFacts(queueName, views),
    })),
    failures,
    alarms: monitor.alarms.statuses().map(alarmFacts),
  };
}

async function sourceFacts(source: StackParts["source"]): Promise<SourceFacts> {
  const { host, port, version, pid } = source;
  const about = { address: `${host}:${port}`, version };
  if (pid === null) return { ...about, state: "elsewhere" };
  const usage = await processUsage(pid);
  if (usage === null) return { ...about, state: "ended" };
  return { ...about, state: usage.isSuspended ? "suspended" : "running" };
}

const ANSWERS_WITHIN_MS = 1_000;

async function readerFacts(url: string): Promise<ReaderFacts | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
    const told = (await response.json()) as Omit<ReaderFacts, "sinceMs"> & { since: string };
    const { state, since, lagMs, transactions, changes } = told;
    return { state, sinceMs: Date.parse(since), lagMs, transactions, changes };
  } catch {
    return null;
  }
}

async function failureFacts(
  dynamodb: AwsClients["dynamodb"],
  table: string,
): Promise<Facts["failures"]> {
  try {
    const { records, states } = await failureItems(dynamodb, table);
    return {
      records: records.length,
      changes: records.reduce((sum, { count }) => sum + count, 0),
      streams: parkedStreams({ records, states }),
    };
  } catch (error) {
    return { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

function queueFacts(name: string, views: ReadonlyMap<string, QueueView>): QueueFacts {
  const deadName = name.replace(/\.fifo$/, "-dead.fifo");
  const view = views.get(name);
  const dead = views.get(deadName);
  return {
    name,
    counts: view === undefined ? null : { ...view, oldestAgeMs: view.oldestAgeMs ?? null },
    dead: dead === undefined ? null : dead.visible + dead.inFlight,
    deadName,
  };
}

function parkedStreams({ records, states }: FailureItems): ParkedStream[] {
  const byStream = Map.groupBy(records, ({ stream }) => streamText(stream));
  return [...byStream].flatMap(([stream, own]) => {
    const [first] = own.toSorted((one, other) => (one.key < other.key ? -1 : 1));
    if (first === undefined) return [];
    const state = states.get(stream);
    return [
      {
        stream,
        queue: first.stream.kind === "queue" ? first.stream.name : null,
        ...first.trouble,
        records: own.length,
        changes: own.reduce((sum, { count }) => sum + count, 0),
        attempts: state?.attempts ?? 0,
        parkedAt: first.parkedAt,
        isGivenUp: state?.status === "dead",
        nextAttemptAt: state?.status === "open" ? state.nextAttemptAt : null,
      },
    ];
  });
}
