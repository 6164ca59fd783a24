import type { PositionedFrame } from "../frame/read-frame.ts";
import { fanOut, type FanOut, type FanOutRules } from "../message/fan-out.ts";
import { attribute } from "../sessions/attribute.ts";
import { dueFrame, type DueFrame } from "./frames-together.ts";

/**
 * Makes the messages of frames ahead of their turn, while earlier messages of the lane are on their
 * way. Nothing else is done ahead: a frame's turn comes once the frames before it are delivered.
 */
export class PreparedFrames {
  readonly #shares = new WeakMap<
    PositionedFrame,
    { readonly changes: number; readonly share: FanOut }
  >();

  /**
   * Makes the messages of a frame that is all new to its lane and contains all its authors. Returns
   * null for another frame.
   */
  prepare(frame: PositionedFrame, rules: FanOutRules): FanOut | null {
    // Such a frame may be delivered in slices, and its messages may contain the time.
    if (rules.subscriptions.hasMessagePerChange) return null;
    const { changes, unnamed } = dueFrame(frame, null, rules);
    if (unnamed.size > 0) return null;
    const { authored } = attribute(frame, changes, new Map(), rules.environmentOf);
    const share = fanOut(frame, authored, rules);
    this.#shares.set(frame, { changes: changes.length, share });
    return share;
  }

  /** What was made of exactly these changes; null when nothing was. */
  of({ frame, changes }: DueFrame): FanOut | null {
    const prepared = this.#shares.get(frame);
    return prepared?.changes === changes.length ? prepared.share : null;
  }
}
