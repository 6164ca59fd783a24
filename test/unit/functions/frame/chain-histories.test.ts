import fc from "fast-check";
import { expect, test } from "vitest";
import {
  chainStep,
  endOf,
  endOfGap,
  type LanePosition,
} from "../../../../functions/frame/chain.ts";
import { formatPosition, type PositionText } from "../../../../wire/position.ts";

// A lane over several lives. Frames of a life that the next one does not follow may come late, and
// each frame may come again. Frames may be missing; then an operator accepts the gap.

interface Frame {
  readonly first: PositionText;
  readonly last: PositionText;
  readonly previous: PositionText | null;
  readonly life?: string;
  readonly order: number;
  readonly isMissing: boolean;
}

const life = fc.record({
  epochsOn: fc.integer({ min: 1, max: 3 }),
  /** Whether the first frame follows the last one of the life before. */
  isContinued: fc.boolean(),
  /** Each frame; whether it is missing. */
  frames: fc.array(
    fc.nat(20).map((n) => n === 0),
    { minLength: 1, maxLength: 3 },
  ),
  /** So many frames come in time. */
  inTime: fc.nat(4),
  /** So many frames of later lives come before each late frame. */
  lateBy: fc.nat(6),
});
const history = fc.record({
  lives: fc.array(life, { minLength: 2, maxLength: 4 }),
  /** So many lives have no name: an earlier release wrote them. */
  nameless: fc.nat(2),
  /** A delivered frame that comes again before the next one. */
  again: fc.infiniteStream(fc.option(fc.nat())),
});

const at = (epoch: number, offset: number) => formatPosition({ epoch, file: 1, offset, row: 0 });

/** The frames in the order of their arrival. */
function arriving(
  lives: readonly (typeof life extends fc.Arbitrary<infer Life> ? Life : never)[],
  nameless: number,
): Frame[] {
  let epoch = 0;
  let sent: PositionText | null = null;
  let time = 0;
  const frames: Frame[] = [];
  for (const [index, { epochsOn, isContinued, frames: parts, inTime, lateBy }] of lives.entries()) {
    epoch += epochsOn;
    let previous: PositionText | null = isContinued ? sent : null;
    const mayBeLate = lives[index + 1]?.isContinued === false;
    let late = 0;
    for (const [part, isMissing] of parts.entries()) {
      if (mayBeLate && part >= inTime) late += lateBy + 1;
      const last = at(epoch, part * 2 + 2);
      const name = index < nameless ? {} : { life: `life ${index}` };
      const order = ++time + late;
      frames.push({ first: at(epoch, part * 2 + 1), last, previous, ...name, order, isMissing });
      previous = last;
    }
    sent = previous;
  }
  return frames.toSorted((a, b) => a.order - b.order);
}

test("each frame is delivered once, and nothing is missing but what an operator gave up", () => {
  fc.assert(
    fc.property(history, ({ lives, nameless, again }) => {
      let lane: LanePosition = { delivered: null, life: null, others: new Map() };
      const delivered: Frame[] = [];
      const missing = new Set<PositionText | null>();
      for (const frame of arriving(lives, nameless)) {
        const repeated = delivered[(again.next().value ?? Infinity) % delivered.length];
        if (repeated !== undefined) expect(chainStep(lane, repeated).kind).toBe("repeat");
        if (frame.isMissing) {
          missing.add(frame.last);
          continue;
        }
        if (missing.has(frame.previous) && frame.previous !== null) {
          expect(chainStep(lane, frame).kind).toBe("gap");
          lane = endOfGap(lane, frame.previous);
        }
        expect(chainStep(lane, frame).kind).toBe("deliver");
        lane = endOf(lane, frame);
        delivered.push(frame);
      }
    }),
    { numRuns: 1000 },
  );
});
