import type { RoutingInput } from "../../../config/routing.ts";
import type { PositionedFrame } from "../../../functions/frame/read-frame.ts";
import { fanOut } from "../../../functions/message/fan-out.ts";
import type { FrameShare } from "../../../functions/message/outgoing-message.ts";
import { attribute, type ConnectionKnowledge } from "../../../functions/sessions/attribute.ts";
import { rulesOf } from "./rules-of.ts";

interface Circumstances {
  /** What is known of the authors that the frame does not name. */
  readonly knowledge?: ReadonlyMap<string, ConnectionKnowledge>;
  /** The time of writing, milliseconds since 1970. */
  readonly nowMs?: number;
}

/** What each queue gets of a frame under a configuration. */
export function sharesOf(
  frame: PositionedFrame,
  input: RoutingInput,
  { knowledge = new Map(), nowMs = 0 }: Circumstances = {},
): readonly FrameShare[] {
  const rules = rulesOf(input, { source: frame.source, nowMs });
  const { authored } = attribute(frame, frame.changes, knowledge, rules.environmentOf);
  return fanOut(frame, authored, rules).queues;
}
