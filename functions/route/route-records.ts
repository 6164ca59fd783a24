import type { SQSRecord } from "aws-lambda";
import { MalformedFrameError } from "../../wire/frame.ts";
import type { LaneState } from "../delivery/lane.ts";
import { GapError } from "../errors.ts";
import type { PlacedFrame } from "../frame/read-frame.ts";
import { readRawMessage, textToPark } from "../frame/read-raw-message.ts";
import type { Runtime } from "../runtime.ts";
import { parkRawMessage } from "./malformed.ts";
import { routeFrames, type RouteOutcome } from "./route-frames.ts";

/** What became of one message of the raw queue. `with-predecessor`: its frame was delivered together with one before it. */
export type RecordOutcome =
  | RouteOutcome
  | { readonly kind: "with-predecessor" }
  | { readonly kind: "malformed"; readonly error: MalformedFrameError };

/** Characters of row images that frames delivered together may have: as much work as one full frame, not ten times that. */
const TOGETHER = 720 * 1024;

/**
 * Routes the messages of one message group, to be asked for one after the other; with a frame go those after it that can
 * be delivered together with it. A lane's item is read once; while this invocation holds the group nobody else writes it,
 * and if somebody did, the next conditional write would tell.
 *
 * When frames cannot be delivered together, `onSeparation` hears why, and from then on each goes alone: a frame that can
 * never be delivered then holds up those behind it, and none before it.
 */
export function recordRouter(
  { settings, rules, effects, payloads }: Runtime,
  records: readonly SQSRecord[],
  onSeparation: (error: unknown) => void,
): (record: SQSRecord) => Promise<RecordOutcome> {
  const lanes = new Map<number, LaneState>();
  const frames = new Map<number, PlacedFrame>();
  let together = true;
  /** How many records, from the first on, are done with. */
  let done = 0;

  async function frameAt(place: number): Promise<PlacedFrame> {
    const known = frames.get(place);
    if (known !== undefined) return known;
    const frame = await readRawMessage(records[place]?.body ?? "", settings.source, payloads);
    frames.set(place, frame);
    return frame;
  }

  async function framesAfter(place: number, first: PlacedFrame): Promise<PlacedFrame[]> {
    const followers: PlacedFrame[] = [];
    let size = sizeOf(first);
    for (let next = place + 1; next < records.length; next++) {
      let frame: PlacedFrame;
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
    place: number,
    offered: readonly [PlacedFrame, ...PlacedFrame[]],
  ): Promise<RouteOutcome> {
    const number = offered[0].lane;
    const lane = lanes.get(number) ?? (await effects.lanes.read(number));
    lanes.delete(number);
    const outcome = await routeFrames(offered, lane, rules, effects);
    lanes.set(number, outcome.lane);
    done = place + (outcome.kind === "routed" ? outcome.frames.length : 1);
    for (const read of frames.keys()) if (read < done) frames.delete(read);
    return outcome;
  }

  return async (record) => {
    const place = records.findIndex(({ messageId }) => messageId === record.messageId);
    if (place < done) return { kind: "with-predecessor" };
    let frame: PlacedFrame;
    try {
      frame = await frameAt(place);
    } catch (error) {
      if (!(error instanceof MalformedFrameError)) throw error;
      const text = await textToPark(record.body, payloads);
      await parkRawMessage(effects.streams, record.messageId, text, {
        reason: "malformed",
        error: error.message,
      });
      return { kind: "malformed", error };
    }
    const followers = together ? await framesAfter(place, frame) : [];
    if (followers.length > 0) {
      try {
        return await route(place, [frame, ...followers]);
      } catch (error) {
        if (error instanceof GapError) throw error;
        together = false;
        onSeparation(error);
      }
    }
    return await route(place, [frame]);
  };
}

function sizeOf({ changes }: PlacedFrame): number {
  return changes.reduce((sum, { before, after }) => sum + before.length + after.length, 0);
}
