import type { MeasuredPoint } from "./measurement.ts";

/**
 * Processor time of the route function for one frame, without its changes: the difference between
 * two measurements.
 */
const FRAME_MS = 5;
/**
 * Where a frame is full (`FRAME_KIB`), and where a message is (functions/message/envelopes.ts),
 * bytes.
 */
const FULL_FRAME = 720 * 1024;
const FULL_MESSAGE = 900_000;

/**
 * What a measured point would be with another `delivery.delayMs`, in one lane: a frame whenever the
 * pause is over, while there are as many changes, and as many as it takes for full ones. All
 * requests and invocations follow the frames.
 */
export function delayed(point: MeasuredPoint, delayMs: number): MeasuredPoint {
  const { changesPerSecond, changes, raw, environments, dynamodb, route } = point;
  const seconds = changes / changesPerSecond;
  const paced = Math.min(changes, (seconds * 1000) / delayMs);
  // A line of a frame is shorter than the change's text in a message.
  const frames = Math.max(paced, environments.bytes / FULL_FRAME);
  const messages = Math.max(frames, environments.bytes / FULL_MESSAGE);
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
