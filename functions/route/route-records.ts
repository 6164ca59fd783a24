import { setTimeout as pause } from "node:timers/promises";
import type { SQSRecord } from "aws-lambda";
import { MalformedFrameError } from "../../wire/decode-frame.ts";
import type { PayloadBucket } from "../aws/payload-bucket.ts";
import type { LaneState } from "../delivery/lanes-table.ts";
import { unreadableBatch } from "../failures/parked.ts";
import { unreadableStream } from "../failures/stream.ts";
import type { PositionedFrame } from "../frame/read-frame.ts";
import { readRawMessage, textToPark } from "../frame/read-raw-message.ts";
import { chainStep, type LanePosition } from "../frame/chain.ts";
import { isChainError } from "../ground/errors.ts";
import type { FanOutRules } from "../message/fan-out.ts";
import { dueFrame } from "./frames-together.ts";
import { PreparedFrames } from "./prepared-frames.ts";
import { routeFrames, type RouteEffects } from "./route-frames.ts";
import type { RouteOutcome } from "./route-outcome.ts";

/** The dependencies of the route function. */
export interface RouteRuntime {
  readonly source: string;
  readonly rules: FanOutRules;
  readonly effects: RouteEffects;
  readonly payloads: PayloadBucket;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * The result for one message of the raw queue. `with-predecessor`: its frame was delivered together
 * with an earlier one.
 */
export type RecordOutcome =
  | RouteOutcome
  | { readonly kind: "with-predecessor" }
  | { readonly kind: "malformed"; readonly error: MalformedFrameError };

/**
 * The maximum number of characters of row images in frames that are delivered together, so that
 * they take about as much work as one full frame, which may have some more.
 */
const TOGETHER = 720 * 1024;

/**
 * A larger frame is delivered alone. Its messages need not wait until the next frame is read, and
 * the next frame takes no memory yet.
 */
const ALONE = TOGETHER / 2;

/**
 * Returns a function that routes the messages of one message group, to be called in their order. A
 * frame is delivered together with as many of the following ones as possible. A lane's item is read
 * once. No other invocation writes it while this one has the group; if one did, the next
 * conditional write would fail.
 *
 * While messages are on their way for long, the next frame is read and its messages are made.
 *
 * When delivering frames together fails, `onSeparation` gets the error, and from then on each frame
 * is delivered alone. An undeliverable frame then blocks only the frames behind it.
 */
export function recordRouter(
  { source, rules, effects, payloads }: RouteRuntime,
  records: readonly SQSRecord[],
  onSeparation: (error: unknown) => void,
): (record: SQSRecord) => Promise<RecordOutcome> {
  const lanes = new Map<number, LaneState>();
  const frames = new Map<number, Promise<PositionedFrame>>();
  const prepared = new PreparedFrames();
  /** The index of the latest frame that was or is being prepared. */
  let preparing = 0;
  /** That frame, once its messages are made. */
  let ready: PositionedFrame | null = null;
  /** What was sent of a frame before its turn. */
  let ahead = { index: Infinity, settled: Promise.resolve() };
  /** The number of records, from the first on, whose turn has come. */
  let taken = 0;
  let together = true;
  /** The number of records, from the first on, that are done. */
  let done = 0;

  function frameAt(index: number): Promise<PositionedFrame> {
    let reading = frames.get(index);
    if (reading === undefined) {
      reading = readRawMessage(records[index]?.body ?? "", source, payloads);
      frames.set(index, reading);
      reading.catch(() => frames.delete(index));
    }
    return reading;
  }

  /**
   * Sends the first message of the frame at an index to each queue, if its messages are made, it
   * follows in the same lane, and all of it is to be sent. So the lane need not wait for the write
   * of its position. Order holds: all messages before have been accepted. If the position is not
   * written after all, the frames before are repeated, and this one behind them. docs/delivery.md
   */
  async function sendAhead(index: number, lane: number, reached: LanePosition): Promise<void> {
    const frame = index === preparing ? ready : null;
    if (frame?.lane !== lane) return;
    const step = chainStep(reached, frame);
    if (step.kind !== "deliver") return;
    const share = prepared.of(dueFrame(frame, step.after, rules));
    if (share === null || share.undecided !== null) return;
    if (share.queues.some(({ kind }) => kind === "fault")) return;
    const sends = share.queues.flatMap((queue) =>
      queue.kind === "messages"
        ? (effects.sender.begin?.(queue.queueName, queue.messages) ?? [])
        : [],
    );
    const settled = Promise.all(sends).then(() => undefined);
    ahead = { index, settled };
    await settled;
  }

  /** Prepares a frame once. Errors are reported when the frame is handled itself. */
  async function prepare(index: number): Promise<void> {
    if (index <= preparing || index >= records.length) return;
    preparing = index;
    ready = null;
    try {
      const frame = await frameAt(index);
      // Making the messages can take longer than a request may. After work in a timer, Node reads
      // the answers that have arrived meanwhile. After other work, requests would time out first.
      await pause(0);
      if (index < taken) return;
      for (const share of prepared.prepare(frame, rules)?.queues ?? [])
        if (share.kind === "messages") effects.sender.prepare?.(share.queueName, share.messages);
      if (index === preparing) ready = frame;
    } catch {
      // See above.
    }
  }

  async function framesAfter(index: number, first: PositionedFrame): Promise<PositionedFrame[]> {
    const followers: PositionedFrame[] = [];
    let size = sizeOf(first);
    if (size > ALONE) return followers;
    for (let next = index + 1; next < records.length; next++) {
      let frame: PositionedFrame;
      try {
        frame = await frameAt(next);
      } catch {
        // An unreadable message is reported when it is handled itself.
        break;
      }
      size += sizeOf(frame);
      if (frame.lane !== first.lane || size > TOGETHER) break;
      followers.push(frame);
    }
    return followers;
  }

  async function route(
    index: number,
    offered: readonly [PositionedFrame, ...PositionedFrame[]],
  ): Promise<RouteOutcome> {
    const number = offered[0].lane;
    const lane = lanes.get(number) ?? (await effects.lanes.read(number));
    lanes.delete(number);
    const next = index + offered.length;
    taken = next;
    const outcome = await routeFrames(offered, lane, rules, {
      ...effects,
      prepared,
      sendAhead: (count, reached) => sendAhead(index + count, number, reached),
      sender: {
        send: (queueName, messages) =>
          effects.sender.send(queueName, messages, () => void prepare(next)),
      },
    });
    lanes.set(number, outcome.lane);
    done = index + (outcome.kind === "routed" ? outcome.delivered : 1);
    for (const read of frames.keys()) if (read < done) frames.delete(read);
    return outcome;
  }

  async function handle(record: SQSRecord, index: number): Promise<RecordOutcome> {
    if (index < done) return { kind: "with-predecessor" };
    let frame: PositionedFrame;
    try {
      frame = await frameAt(index);
    } catch (error) {
      if (!(error instanceof MalformedFrameError)) throw error;
      const text = await textToPark(record.body, payloads);
      // The whole text is kept, so that an operator can inspect it and a later version can read it.
      const trouble = { reason: "malformed", error: error.message } as const;
      await effects.streams.park(
        unreadableStream(record.messageId),
        [unreadableBatch(text)],
        trouble,
      );
      return { kind: "malformed", error };
    }
    const followers = together ? await framesAfter(index, frame) : [];
    if (followers.length > 0) {
      try {
        return await route(index, [frame, ...followers]);
      } catch (error) {
        if (isChainError(error)) throw error;
        together = false;
        onSeparation(error);
      }
    }
    return await route(index, [frame]);
  }

  return async (record) => {
    const index = records.findIndex(({ messageId }) => messageId === record.messageId);
    try {
      return await handle(record, index);
    } finally {
      // The turn of this frame is over, whether its messages were needed or not.
      if (index >= ahead.index) await ahead.settled;
    }
  };
}

function sizeOf({ changes }: PositionedFrame): number {
  return changes.reduce((sum, { before, after }) => sum + before.length + after.length, 0);
}
