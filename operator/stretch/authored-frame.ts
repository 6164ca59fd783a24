import type { PositionedChange, PositionedFrame } from "../../functions/frame/read-frame.ts";
import type { AuthoredChange } from "../../functions/message/authored-change.ts";
import type { EnvironmentOf } from "../../functions/routing/environments.ts";
import { attribute, unnamedConnections } from "../../functions/sessions/attribute.ts";
import type { LookUp } from "../../functions/sessions/look-up.ts";

/** A frame's changes, divided into those with a known author and those without. */
export interface AuthoredFrame {
  readonly frame: PositionedFrame;
  readonly authored: readonly AuthoredChange[];
  readonly unknown: readonly PositionedChange[];
}

/**
 * Finds the authors of a frame's changes as the route function does. It also finds authors that
 * became known after the route function parked their changes.
 */
export async function authoredFrame(
  frame: PositionedFrame,
  environmentOf: EnvironmentOf,
  lookUp: LookUp,
): Promise<AuthoredFrame> {
  const unnamed = unnamedConnections(frame, frame.changes, environmentOf);
  const known = unnamed.size === 0 ? new Map() : await lookUp(frame.lane, unnamed);
  const knowledge = new Map(
    Array.from(known, ([name, { entries }]) => [name, { entries, parkedUpTo: null }]),
  );
  const { authored, orphans } = attribute(frame, frame.changes, knowledge, environmentOf);
  return { frame, authored, unknown: [...orphans.values()].flat() };
}
