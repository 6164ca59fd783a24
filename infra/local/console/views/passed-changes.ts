import type { QueueInspector } from "@binlog-router/local-aws";
import { messageText } from "../../../../wire/compressed-message.ts";
import { type Change, decodeMessage } from "../../../../wire/message.ts";
import type { LocatedQueue } from "../../running/stack-parts.ts";

/** A change's way from MySQL to one queue; times in milliseconds since 1970. It has no row data. */
export interface PassedChange {
  readonly environment: string;
  readonly subscriber: string;
  readonly queue: string;
  readonly messageId: string;
  readonly op: string;
  readonly table: string;
  readonly user: string;
  readonly attribution: string;
  readonly gtid: string | null;
  /** `file:offset` */
  readonly place: string;
  readonly committedMs: number;
  readonly sentMs: number;
  readonly receivedMs: number | null;
  readonly deletedMs: number | null;
}

const MOST = 25;

/**
 * The latest changes that reached queues, newest first. Messages in a format of another project are
 * left out.
 */
export async function passedChanges(
  inspector: QueueInspector,
  queues: readonly LocatedQueue[],
): Promise<PassedChange[]> {
  const passed = await Promise.all(queues.map((queue) => passedThrough(inspector, queue)));
  return passed
    .flat()
    .sort((one, other) => other.sentMs - one.sentMs)
    .slice(0, MOST);
}

async function passedThrough(
  inspector: QueueInspector,
  { environment, subscriber, queueName: queue }: LocatedQueue,
): Promise<PassedChange[]> {
  const recent = await Promise.all(
    inspector
      .recent(queue)
      .map(async ({ view, body }) => ({ view, changes: await changesOf(body) })),
  );
  return recent.flatMap(({ view, changes }) =>
    changes.map(({ op, user, attribution, source }) => ({
      environment,
      subscriber,
      queue,
      messageId: view.id,
      op,
      table: `${source.db}.${source.table}`,
      user,
      attribution,
      gtid: source.gtid,
      place: `${source.file}:${source.pos}`,
      committedMs: source.ts_ms,
      sentMs: view.sentAtMs,
      receivedMs: view.receivedAtMs ?? null,
      deletedMs: view.deletedAtMs ?? null,
    })),
  );
}

async function changesOf(body: string): Promise<readonly Change[]> {
  try {
    return decodeMessage(await messageText(body)).changes;
  } catch {
    return [];
  }
}
