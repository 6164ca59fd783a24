import { MESSAGE_BYTES } from "../../../wire/frame.ts";
import type { MeasuredPoint } from "./measurement.ts";

/**
 * Processor time of the route function per frame, without its changes, ms; from two measurements.
 */
const FRAME_MS = 5;
/** The size of a full frame whose rows hardly compress (reader/frames/full-frame.ts), bytes. */
const FULL_FRAME = 720 * 1024;

/**
 * Computes a measured point for another `delivery.delayMs`, in one lane: one frame after each pause
 * while there are changes, but at least as many frames as the bytes require. All requests and
 * invocations are proportional to the frames.
 */
export function delayed(point: MeasuredPoint, delayMs: number): MeasuredPoint {
  const { changesPerSecond, changes, raw, environments, dynamodb, route } = point;
  const seconds = changes / changesPerSecond;
  const paced = Math.min(changes, (seconds * 1000) / delayMs);
  // Approximate: a change takes less space in a frame than in a message.
  const frames = Math.max(paced, environments.bytes / FULL_FRAME);
  const messages = Math.max(frames, environments.bytes / MESSAGE_BYTES);
  const share = frames / raw.sends;
  const milliseconds = route.milliseconds + (frames - raw.sends) * FRAME_MS;
  return {
    changesPerSecond,
    changes,
    raw: scaled(raw, share),
    environments: scaled(environments, messages / environments.sends),
    dynamodb: { reads: dynamodb.reads * share, writes: dynamodb.writes * share },
    route: { invocations: route.invocations * share, milliseconds: Math.max(0, milliseconds) },
  };
}

function scaled(queue: MeasuredPoint["raw"], share: number): MeasuredPoint["raw"] {
  const { sends, receives, deletes, bytes } = queue;
  return { sends: sends * share, receives: receives * share, deletes: deletes * share, bytes };
}
