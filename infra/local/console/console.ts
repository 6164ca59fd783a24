import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { AwsClients } from "@binlog-router/local-aws/clients";
import { payloadBucket } from "../../../functions/aws/payload-bucket.ts";
import { bodyStore } from "../../../functions/failures/body-store.ts";
import { streamText } from "../../../functions/failures/stream.ts";
import { messageText } from "../../../wire/compressed-message.ts";
import { unpackFrame } from "../../../wire/frame-body.ts";
import { REPOSITORY_ROOT } from "../../stack/resources/repository-root.ts";
import type { StackParts } from "../running/stack-parts.ts";
import { failureItems } from "../running/failure-records.ts";
import { gatherFacts, type FactSources } from "./facts/gather-facts.ts";
import { headline } from "./facts/headline.ts";
import type { Monitor } from "./metrics/monitor.ts";
import { ConsoleServer, type ConsoleAddress, type View } from "./server/console-server.ts";
import { alarmView } from "./views/alarm-view.ts";
import { passedChanges } from "./views/passed-changes.ts";
import { widgetData, widgetLayout } from "./views/widget-view.ts";

export interface ConsoleOptions extends FactSources {
  readonly parts: StackParts;
  readonly clients: AwsClients;
  readonly monitor: Monitor;
  readonly address: ConsoleAddress;
}

/** How many messages of a queue the page lists at most. */
const MOST_MESSAGES = 200;
const LONGEST_MINUTES = 180;

/** Serves the page that shows a person the state of this stack. */
export async function startConsole(options: ConsoleOptions): Promise<ConsoleServer> {
  return ConsoleServer.listen(options.address, await views(options));
}

async function views(options: ConsoleOptions): Promise<Record<string, View>> {
  const { parts, monitor } = options;
  const { aws, topology, queues, config } = parts;
  const { widgets } = topology.monitoring;
  const runbook = await runbookSections();
  return {
    "/api/overview": async () => {
      const facts = await gatherFacts(options);
      const users = Object.entries(config.environments).map(([name, one]) => [name, one.users]);
      return {
        name: config.name,
        users: Object.fromEntries(users),
        headline: headline(facts),
        facts,
      };
    },
    "/api/alarm": (query) => {
      const status = monitor.alarms
        .statuses()
        .find(({ definition }) => definition.name === query.get("name"));
      return status && alarmView(status);
    },
    "/api/runbook": (query) => runbook.get(query.get("heading") ?? ""),
    "/api/dashboard": () => widgetLayout(widgets),
    "/api/widgets": (query) => {
      const minutes = Math.min(LONGEST_MINUTES, Math.max(1, Number(query.get("minutes") ?? 15)));
      const ids = (query.get("ids") ?? "").split(",").map(Number);
      const nowMs = monitor.clock.now();
      return ids.flatMap((id) => {
        const widget = widgets[id];
        if (widget === undefined || !("lines" in widget)) return [];
        return [{ id, ...widgetData(widget.lines, monitor.store, minutes, nowMs) }];
      });
    },
    "/api/messages": (query) => aws.queues.messages(query.get("queue") ?? "", MOST_MESSAGES),
    "/api/changes": () => passedChanges(aws.queues, queues),
    ...rowDataViews(options),
  };
}

/** The views that return row data. The page requests them only when a person asks to see it. */
function rowDataViews({ parts, clients }: ConsoleOptions): Record<string, View> {
  const { aws, topology } = parts;
  const bodies = bodyStore(payloadBucket(clients.s3, topology.outputs["PayloadBucket"] ?? ""));
  return {
    "/api/body": async (query) => {
      const body = aws.queues.body(query.get("queue") ?? "", query.get("id") ?? "");
      return body === undefined ? undefined : { body: await messageText(await unpackFrame(body)) };
    },
    "/api/record": async (query) => {
      const { records } = await failureItems(clients.dynamodb, topology.tables.failures);
      const own = records
        .filter(({ stream }) => streamText(stream) === query.get("stream"))
        .sort((one, other) => (one.key < other.key ? -1 : 1));
      const [first] = own;
      return first && { body: await bodies.load(first.body) };
    },
  };
}

/** The runbook's Markdown text by heading. */
async function runbookSections(): Promise<ReadonlyMap<string, string>> {
  const page = await readFile(join(REPOSITORY_ROOT, "docs/runbook.md"), "utf8");
  const [, ...sections] = page.split(/^## /m);
  return new Map(
    sections.map((section) => {
      const end = section.indexOf("\n");
      return [section.slice(0, end).trim(), section.slice(end + 1).trim()];
    }),
  );
}
