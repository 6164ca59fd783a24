import type { SQSRecord } from "aws-lambda";
import { MalformedFrameError } from "../../wire/frame.ts";
import type { LaneState } from "../delivery/lane.ts";
import type { PlacedFrame } from "../frame/read-frame.ts";
import { readRawMessage } from "../frame/read-raw-message.ts";
import type { Runtime } from "../runtime.ts";
import { parkRawMessage } from "./malformed.ts";
import { routeFrame, type RouteOutcome } from "./route-frame.ts";

/** What became of one message of the raw queue. */
export type RecordOutcome =
  | RouteOutcome
  | { readonly kind: "malformed"; readonly error: MalformedFrameError };

/**
 * Routes the messages of one message group, one after the other. A lane's item is read once; while this invocation holds
 * the group nobody else writes it, and if somebody did, the next conditional write would tell.
 */
export function recordRouter({ settings, rules, effects, payloads }: Runtime) {
  const lanes = new Map<number, LaneState>();

  return async (record: SQSRecord): Promise<RecordOutcome> => {
    let frame: PlacedFrame;
    try {
      frame = await readRawMessage(record.body, settings.source, payloads);
    } catch (error) {
      if (!(error instanceof MalformedFrameError)) throw error;
      await parkRawMessage(effects.streams, record.messageId, record.body, {
        reason: "malformed",
        error: error.message,
      });
      return { kind: "malformed", error };
    }
    const lane = lanes.get(frame.lane) ?? (await effects.lanes.read(frame.lane));
    lanes.delete(frame.lane);
    const outcome = await routeFrame(frame, lane, rules, effects);
    lanes.set(frame.lane, outcome.lane);
    return outcome;
  };
}
