import { MalformedFrameError } from "../../wire/decode-frame.ts";
import { connectionName } from "../../wire/session.ts";
import { readBatchBody } from "../delivery/message-batch.ts";
import type { BodyStore } from "../failures/body-store.ts";
import type { ParkedRecord, Trouble } from "../failures/parked.ts";
import { readFrame } from "../frame/read-frame.ts";
import { readRawMessage } from "../frame/read-raw-message.ts";
import { settleAll } from "../ground/concurrency.ts";
import { describeFault } from "../ground/describe-fault.ts";
import { BodyUnavailableError, isChainError } from "../ground/errors.ts";
import { isOutage } from "../ground/outage.ts";
import { fanOut } from "../message/fan-out.ts";
import { openKept } from "../message/kept-changes.ts";
import { repeatFault } from "../message/repeat-fault.ts";
import { lateGroup } from "../routing/message-group.ts";
import { routeFrames } from "../route/route-frames.ts";
import type { RouteRuntime } from "../route/route-records.ts";
import { attribute, connectionOf, unnamedConnections } from "../sessions/attribute.ts";
import {
  deliverParts,
  frameParts,
  messageParts,
  type PartShares,
  type RecordPart,
} from "./record-parts.ts";
import type { AttemptProgress, Redelivery } from "./redelivery.ts";
import { sendInTime } from "./send-in-time.ts";

export interface RedeliverOptions extends RouteRuntime {
  readonly bodies: BodyStore;
}

const DELIVERED: Redelivery = { kind: "delivered" };

/**
 * Returns a function that delivers parked records. It throws only outages (`isOutage`). Any other
 * error becomes the trouble of the record or its queue.
 */
export function redeliver(
  options: RedeliverOptions,
): (record: ParkedRecord, progress: AttemptProgress) => Promise<Redelivery> {
  const { source, rules, effects, bodies, payloads } = options;

  return async (record, progress) => {
    try {
      return await deliver(await bodies.load(record.body), record, progress);
    } catch (error) {
      if (error instanceof BodyUnavailableError) {
        return failed({ reason: "body-unavailable", error: error.message });
      }
      if (error instanceof MalformedFrameError) {
        return failed({ reason: "malformed", error: error.message });
      }
      if (isOutage(error)) throw error;
      return failed({ reason: "fault", error: describeFault(error) });
    }
  };

  async function deliver(
    body: string,
    record: ParkedRecord,
    progress: AttemptProgress,
  ): Promise<Redelivery> {
    const inParts = (parts: readonly RecordPart[]) =>
      deliverParts(parts, record, progress, (part) => sendAll(part, record, progress));
    const { kind } = record.stream;
    switch (kind) {
      case "queue":
        return await inParts(partsOfShare(body, record.stream.name));
      case "thread": {
        const parts = await partsOfOrphans(body);
        return parts === null
          ? failed({ reason: "unattributed", error: "" })
          : await inParts(parts);
      }
      case "raw":
        return await rerouteFrame(body);
      default:
        return kind satisfies never;
    }
  }

  /**
   * The parts of a queue's share of a frame: its messages, or the changes that the router failed to
   * turn into messages.
   */
  function partsOfShare(body: string, queueName: string): RecordPart[] {
    const parked = readBatchBody(body);
    if (parked.kind === "messages") return messageParts(queueName, parked.messages);
    return frameParts(openKept(parked, source, rules.filters), (slice) => {
      const { share, error } = repeatFault(parked, slice, rules);
      return { shares: share === null ? [] : [share], error };
    });
  }

  /**
   * The parts of changes whose author was unknown, with authors from the sessions table; null when
   * an author is still unknown. The changes go to separate message groups (`lateGroup`).
   */
  async function partsOfOrphans(body: string): Promise<RecordPart[] | null> {
    const frame = readFrame(body, source);
    const { environmentOf } = rules;
    const unnamed = unnamedConnections(frame, frame.changes, environmentOf);
    const found = await effects.lookUp(frame.lane, unnamed);
    const known = new Map(
      [...found].map(([name, { entries }]) => [name, { entries, parkedUpTo: null }]),
    );
    if (attribute(frame, frame.changes, known, environmentOf).orphans.size > 0) return null;
    return frameParts(frame, (slice) => {
      const { authored } = attribute(slice, slice.changes, known, environmentOf);
      const { queues, undecided } = fanOut(slice, authored, {
        ...rules,
        regroup: (group, change) => {
          const connection = connectionOf(slice, change);
          return lateGroup(group, connection.thread, connectionName(connection), slice.lane);
        },
      });
      return { shares: queues, error: undecided?.error };
    });
  }

  /**
   * Routes a message of the raw queue that could not be read before, or that an operator brought
   * back, in the order of its lane.
   */
  async function rerouteFrame(body: string): Promise<Redelivery> {
    try {
      const frame = await readRawMessage(body, source, payloads);
      await routeFrames([frame], await effects.lanes.read(frame.lane), rules, effects);
      return DELIVERED;
    } catch (error) {
      if (isChainError(error)) return failed({ reason: "dead-letter", error: error.message });
      throw error;
    }
  }

  /**
   * Sends the messages of all shares. A share without messages, or an `error`, makes the attempt
   * fail.
   */
  async function sendAll(
    { shares, error = shares.find((share) => share.kind === "fault")?.error }: PartShares,
    { sent }: ParkedRecord,
    { isOver }: AttemptProgress,
  ): Promise<Redelivery> {
    const queues = shares.filter((share) => share.kind === "messages");
    const results = await settleAll(
      queues.map(async ({ queueName, messages }) => {
        const left = messages.filter(({ deduplicationId }) => !sent.has(deduplicationId));
        return { left, result: await sendInTime(effects.sender, queueName, left, isOver) };
      }),
    );
    const unfinished = results.flatMap(({ result }) => (result.kind === "sent" ? [] : [result]));
    const unsent = new Set(unfinished.flatMap((result) => result.unsent));
    const through = new Set(
      results
        .flatMap(({ left }) => left)
        .filter((message) => !unsent.has(message))
        .map(({ deduplicationId }) => deduplicationId),
    );
    const troubled = unfinished.find((result) => result.kind === "trouble");
    const fault: Trouble | null = error === undefined ? null : { reason: "fault", error };
    const trouble = troubled?.trouble ?? fault;
    if (trouble !== null) return failed(trouble, through);
    return unfinished.length > 0 ? { kind: "unfinished", sent: through } : DELIVERED;
  }
}

function failed(trouble: Trouble, sent: ReadonlySet<string> = new Set()): Redelivery {
  return { kind: "failed", trouble, sent };
}
