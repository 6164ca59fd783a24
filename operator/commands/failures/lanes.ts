import type { Command } from "commander";
import { lanesTable, type LaneState } from "../../../functions/delivery/lanes-table.ts";
import { isPosition } from "../../../wire/position.ts";
import { endOfGap, namedLife, reachedIn } from "../../../functions/frame/chain.ts";
import { CommandError } from "../../shared/command-error.ts";
import { onStack, type StackContext, wholeNumber } from "../../shared/command.ts";
import { laneNumbers } from "../../shared/lane-numbers.ts";
import { table } from "../../shared/render.ts";
import type { Target } from "../../shared/target.ts";

export function lanes(failures: Command): void {
  failures
    .command("lanes")
    .description("show how far each lane was delivered")
    .action(onStack(showLanes));
}

/** Shows how far each lane was delivered, and which queues may have parked messages. */
async function showLanes({ target, report }: StackContext): Promise<void> {
  const states = (await readLanes(target)).map(({ lane, delivered, troubled }) => ({
    lane,
    delivered,
    troubled: [...troubled],
  }));
  report(states, () =>
    table(
      ["lane", "delivered up to", "queues in trouble"],
      states.map(({ lane, delivered, troubled }) => [lane, delivered ?? "", troubled.join("\n")]),
    ),
  );
}

/** Stands for a frame without a life. An omitted name could not be told from a forgotten one. */
const NO_LIFE = "-";
/** The form of a name from `newLife`. */
const LIFE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function acceptGap(failures: Command): void {
  failures
    .command("accept-gap")
    .description("let a lane continue after a position, without the undelivered changes before it")
    .argument("<lane>", "the lane's number", wholeNumber)
    .argument("<position>", "the position before the frame that waits")
    .argument(
      "<life>",
      `the life of that frame, as its error names it; ${NO_LIFE} if it names none`,
    )
    .option("--yes", "do not ask", false)
    .action(onStack(goOnAfter));
}

/**
 * Marks everything up to a position as delivered, after a confirmation, so that the frame after it
 * can be delivered. Changes in between are lost. A lane without an item has no delivered position;
 * its first frame can be a gap too.
 */
async function goOnAfter(
  { target: { dynamodb, offsetsTable }, report, confirm }: StackContext,
  number: number,
  position: string,
  named: string,
  { yes }: { readonly yes: boolean },
): Promise<void> {
  if (!isPosition(position)) throw new CommandError(`${position} is not a position`);
  const stored = lanesTable(dynamodb, offsetsTable);
  const lane = await stored.read(number);
  // Another life may have used the same positions, so only those of the frame's life count.
  const life = lifeBehindGap(lane, position, named);
  const delivered = reachedIn(lane, { first: position, ...(life !== undefined && { life }) });
  if (delivered !== null && position <= delivered) {
    throw new CommandError(`lane ${number} was delivered up to ${delivered} already`);
  }
  if (!yes) {
    await confirm(
      delivered === null
        ? `Changes of lane ${number} up to ${position} that were not delivered yet will never be delivered. Go on?`
        : `All changes of lane ${number} after ${delivered} and up to ${position} will never be delivered. Go on?`,
    );
  }
  await stored.write(lane, { ...endOfGap(lane, position, life), troubled: lane.troubled });
  report({ lane: number, delivered: position }, () => `Lane ${number} goes on after ${position}.`);
}

/** Throws CommandError for what is no life's name, and for none where the lane knows a name. */
function lifeBehindGap(lane: LaneState, position: string, named: string): string | undefined {
  if (named !== NO_LIFE) {
    if (LIFE.test(named)) return named;
    throw new CommandError(`${JSON.stringify(named)} is not the name of a life`);
  }
  const known = namedLife(lane, position);
  if (known === null) return undefined;
  throw new CommandError(
    `lane ${lane.lane} knows the life ${known} with this epoch: pass the life that the frame's error names, or this one if it names none`,
  );
}

/** Reads the state of every lane. */
async function readLanes(target: Target): Promise<LaneState[]> {
  const numbers = await laneNumbers(target);
  const stored = lanesTable(target.dynamodb, target.offsetsTable);
  return await Promise.all(numbers.map((lane) => stored.read(lane)));
}
