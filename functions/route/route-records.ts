import type { SQSRecord } from "aws-lambda";
import { MalformedFrameError } from "../../wire/decode-frame.ts";
import type { PayloadBucket } from "../aws/payload-bucket.ts";
import type { LaneState } from "../delivery/lanes-table.ts";
import { unreadableBatch } from "../failures/parked.ts";
import { unreadableStream } from "../failures/stream.ts";
import type { PositionedFrame } from "../frame/read-frame.ts";
import { readRawMessage, textToPark } from "../frame/read-raw-message.ts";
import { isChainError } from "../ground/errors.ts";
import type { FanOutRules } from "../message/fan-out.ts";
import { routeFrames, type RouteEffects } from "./route-frames.ts";
import type { RouteOutcome } from "./route-outcome.ts";

/** What messages of the raw queue are routed with. */
export interface RouteRuntime {
  readonly source: string;
  readonly rules: FanOutRules;
  readonly effects: RouteEffects;
  readonly payloads: PayloadBucket;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * What became of one message of the raw queue. `with-predecessor`: its frame was delivered together
 * with one before it.
 */
export type RecordOutcome =
  | RouteOutcome
  | { readonly kind: "with-predecessor" }
  | { readonly kind: "malformed"; readonly error: MalformedFrameError };

/**
 * Characters of row images that frames delivered together may have: as much work as one full frame,
 * not ten times that.
 */
const TOGETHER = 720 * 1024;

/**
 * Routes the messages of one message group, to be asked for one after the other; with a frame go
 * those after it that can be delivered together with it. A lane's item is read once; while this
 * invocation holds the group nobody else writes it, and if somebody did, the next conditional write
 * would tell.
 *
 * When frames cannot be delivered together, `onSeparation` hears why, and from then on each goes
 * alone: a frame that can never be delivered then holds up those behind it, and none before it.
 */
export function recordRouter(
  { source, rules, effects, payloads }: RouteRuntime,
  records: readonly SQSRecord[],
  onSeparation: (error: unknown) => void,
): (record: SQSRecord) => Promise<RecordOutcome> {
  const lanes = new Map<number, LaneState>();
  const frames = new Map<number, PositionedFrame>();
  let together = true;
  /** How many records, from the first on, are done with. */
  let done = 0;

  async function frameAt(index: number): Promise<PositionedFrame> {
    const known = frames.get(index);
    if (known !== undefined) return known;
    const frame = await readRawMessage(records[index]?.body ?? "", source, payloads);
    frames.set(index, frame);
    return frame;
  }

  async function framesAfter(index: number, first: PositionedFrame): Promise<PositionedFrame[]> {
    const followers: PositionedFrame[] = [];
    let size = sizeOf(first);
    for (let next = index + 1; next < records.length; next++) {
      let frame: PositionedFrame;
      try {
        frame = await frameAt(next);
      } catch {
        // What cannot be read is reported when its own turn comes.
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
    const outcome = await routeFrames(offered, lane, rules, effects);
    lanes.set(number, outcome.lane);
    done = index + (outcome.kind === "routed" ? outcome.delivered : 1);
    for (const read of frames.keys()) if (read < done) frames.delete(read);
    return outcome;
  }

  return async (record) => {
    const index = records.findIndex(({ messageId }) => messageId === record.messageId);
    if (index < done) return { kind: "with-predecessor" };
    let frame: PositionedFrame;
    try {
      frame = await frameAt(index);
    } catch (error) {
      if (!(error instanceof MalformedFrameError)) throw error;
      const text = await textToPark(record.body, payloads);
      // Kept whole, so that an operator can look at it and a later version of this code can read
      // it.
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
  };
}

function sizeOf({ changes }: PositionedFrame): number {
  return changes.reduce((sum, { before, after }) => sum + before.length + after.length, 0);
}
