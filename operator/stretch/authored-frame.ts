import type { PositionedChange, PositionedFrame } from "../../functions/frame/read-frame.ts";
import type { AuthoredChange } from "../../functions/message/authored-change.ts";
import type { EnvironmentOf } from "../../functions/routing/environments.ts";
import { attribute, unnamedConnections } from "../../functions/sessions/attribute.ts";
import type { LookUp } from "../../functions/sessions/look-up.ts";

/** A frame whose changes have their authors, as far as anybody knows them. */
export interface AuthoredFrame {
  readonly frame: PositionedFrame;
  readonly authored: readonly AuthoredChange[];
  readonly unknown: readonly PositionedChange[];
}

/**
 * Finds the authors of a frame's changes as the route function does; and besides, of those that
 * were parked because their author was not known then, and is now.
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
