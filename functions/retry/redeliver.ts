import { MalformedFrameError } from "../../wire/frame.ts";
import { connectionName } from "../../wire/session.ts";
import { readBatchBody } from "../delivery/message-batch.ts";
import type { BodyStore } from "../failures/body-store.ts";
import type { ParkedRecord, Trouble } from "../failures/parked.ts";
import { readFrame } from "../frame/read-frame.ts";
import { readRawMessage } from "../frame/read-raw-message.ts";
import { settleAll } from "../ground/concurrency.ts";
import { BodyUnavailableError, isChainError } from "../ground/errors.ts";
import { isNonEmpty } from "../ground/non-empty.ts";
import { fanOut } from "../message/fan-out.ts";
import type { FrameShare } from "../message/outgoing-message.ts";
import { repeatFault } from "../message/repeat-fault.ts";
import { lateGroup } from "../routing/message-group.ts";
import { routeFrames } from "../route/route-frames.ts";
import type { RouteRuntime } from "../route/route-records.ts";
import { attribute, connectionOf, unnamedConnections } from "../sessions/attribute.ts";
import type { Redelivery } from "./drain.ts";

export interface RedeliverOptions extends RouteRuntime {
  readonly bodies: BodyStore;
}

const DELIVERED: Redelivery = { kind: "delivered" };

/** Delivers parked records. The function returned throws when it is not the record's or its queue's trouble. */
export function redeliver(
  options: RedeliverOptions,
): (record: ParkedRecord) => Promise<Redelivery> {
  const { source, rules, effects, bodies, payloads } = options;

  return async (record) => {
    try {
      return await deliver(await bodies.load(record.body), record);
    } catch (error) {
      if (error instanceof BodyUnavailableError) {
        return failed({ reason: "body-unavailable", error: error.message });
      }
      if (error instanceof MalformedFrameError) {
        return failed({ reason: "malformed", error: error.message });
      }
      throw error;
    }
  };

  async function deliver(body: string, record: ParkedRecord): Promise<Redelivery> {
    const { kind } = record.stream;
    switch (kind) {
      case "queue":
        return await redeliverShare(body, record);
      case "thread":
        return await redeliverOrphans(body, record);
      case "raw":
        return await rerouteFrame(body);
      default:
        return kind satisfies never;
    }
  }

  /** One queue's share of a frame: its messages, or the changes from which our own code failed to make them. */
  async function redeliverShare(body: string, record: ParkedRecord): Promise<Redelivery> {
    const parked = readBatchBody(body);
    if (parked.kind === "fault") {
      const share = repeatFault(parked, source, rules);
      return await sendAll(share === null ? [] : [share], record);
    }
    const { messages } = parked;
    if (!isNonEmpty(messages)) return DELIVERED;
    return await sendAll([{ kind: "messages", queueName: record.stream.name, messages }], record);
  }

  /** Changes whose author was not known: the sessions table may know by now. They go to message groups of their own. */
  async function redeliverOrphans(body: string, record: ParkedRecord): Promise<Redelivery> {
    const frame = readFrame(body, source);
    const { environmentOf } = rules;
    const unnamed = unnamedConnections(frame, frame.changes, environmentOf);
    const found = await effects.lookUp(frame.lane, unnamed);
    const known = new Map(
      [...found].map(([name, { entries }]) => [name, { entries, parkedUpTo: null }]),
    );
    const { authored, orphans } = attribute(frame, frame.changes, known, environmentOf);
    if (orphans.size > 0) return failed({ reason: "unattributed", error: "" });
    const { queues, undecided } = fanOut(frame, authored, {
      ...rules,
      regroup: (group, change) => {
        const connection = connectionOf(frame, change);
        return lateGroup(group, connection.thread, connectionName(connection), frame.lane);
      },
    });
    return await sendAll(queues, record, undecided?.error);
  }

  /** A message of the raw queue that could not be read, or was brought back: it takes its turn in its lane like any other. */
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

  /** Sends the messages of all shares. Those without messages, and an `error` of our own code, make the attempt a failed one. */
  async function sendAll(
    shares: readonly FrameShare[],
    { sent }: ParkedRecord,
    error = shares.find((share) => share.kind === "fault")?.error,
  ): Promise<Redelivery> {
    const queues = shares.filter((share) => share.kind === "messages");
    const results = await settleAll(
      queues.map(async ({ queueName, messages }) => {
        const left = messages.filter(({ deduplicationId }) => !sent.has(deduplicationId));
        return { left, result: await effects.sender.send(queueName, left) };
      }),
    );
    const troubled = results.flatMap(({ result }) => (result.kind === "trouble" ? [result] : []));
    const fault: Trouble | null = error === undefined ? null : { reason: "fault", error };
    const trouble = troubled[0]?.trouble ?? fault;
    if (trouble === null) return DELIVERED;
    const unsent = new Set(troubled.flatMap((result) => result.unsent));
    const through = results
      .flatMap(({ left }) => left)
      .filter((message) => !unsent.has(message))
      .map(({ deduplicationId }) => deduplicationId);
    return failed(trouble, new Set(through));
  }
}

function failed(trouble: Trouble, sent: ReadonlySet<string> = new Set()): Redelivery {
  return { kind: "failed", trouble, sent };
}
