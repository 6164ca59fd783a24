import { isPosition } from "../../../wire/position.ts";
import { CommandError } from "../command-error.ts";
import { acceptGap, readLane, readLanes } from "../lanes.ts";
import { table } from "../render.ts";
import type { CommandContext } from "./context.ts";

/** Shows how far each lane was delivered, and which queues may have something parked. */
export async function lanesCommand({ target, print, json }: CommandContext): Promise<void> {
  const lanes = (await readLanes(target)).map(({ lane, delivered, troubled }) => ({
    lane,
    delivered,
    troubled: [...troubled],
  }));
  if (json) return print(JSON.stringify(lanes, null, 2));
  print(
    table(
      ["lane", "delivered up to", "queues in trouble"],
      lanes.map(({ lane, delivered, troubled }) => [lane, delivered ?? "", troubled.join("\n")]),
    ),
  );
}

/** Accepts a gap: what lies between a lane's delivered position and `position` is given up, after a question. Also of a lane without an item, whose first frame is a gap. */
export async function acceptGapCommand(
  { target, print, json, confirm }: CommandContext,
  number: number,
  position: string,
  { yes }: { readonly yes: boolean },
): Promise<void> {
  if (!isPosition(position)) throw new CommandError(`${position} is not a position`);
  const lane = await readLane(target, number);
  if (lane.delivered !== null && position <= lane.delivered) {
    throw new CommandError(`lane ${number} was delivered up to ${lane.delivered} already`);
  }
  if (!yes) {
    await confirm(
      `All changes of lane ${number} after ${lane.delivered ?? "the beginning"} and up to ${position} will never be delivered. Go on?`,
    );
  }
  await acceptGap(target, lane, position);
  if (json) return print(JSON.stringify({ lane: number, delivered: position }, null, 2));
  print(`Lane ${number} goes on after ${position}.`);
}
