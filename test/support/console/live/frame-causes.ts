import { setTimeout as delay } from "node:timers/promises";
import { PurgeQueueCommand } from "@aws-sdk/client-sqs";
import { lanesTable } from "../../../../functions/delivery/lanes-table.ts";
import { OwnTroubleError } from "../../../../functions/ground/errors.ts";
import { formatPosition, parsePosition } from "../../../../wire/position.ts";
import { asBefore, comeAgainAtOnce, waiting, type LiveCause } from "./cause.ts";
import { refuseLanes } from "./function-causes.ts";
import type { LiveStack } from "./live-stack.ts";
import { RepeatingApplication } from "./repeating-application.ts";

const RAW_DEAD = "shop-raw-dead.fifo";
const RAW_MAX_RECEIVES = 1000;

/** The application that receives only repeats, while the cause lasts. */
let application: RepeatingApplication | null = null;

/** Causes in the frames of the raw queue. */
export const FRAME_CAUSES: readonly LiveCause[] = [
  {
    name: "A frame goes to the raw queue's dead-letter queue",
    rings: [
      "Dead-letter queue not empty raw",
      "Frames come again",
      "Gap detected",
      "Raw queue age",
    ],
    stopsAll: true,
    begin: loseFrames,
    end: async (stack) => {
      await stack.operator("failures", "redrive");
      await asBefore(stack);
    },
  },
  {
    name: "A frame is missing (gap)",
    rings: [
      "Dead-letter queue not empty raw",
      "Frames come again",
      "Gap detected",
      "Raw queue age",
    ],
    stopsAll: true,
    begin: loseFrames,
    end: async (stack) => {
      await stack.clients.sqs.send(new PurgeQueueCommand({ QueueUrl: stack.queueUrl(RAW_DEAD) }));
      const named = / in the life (\S+): its predecessor ends at ([\d.]+),/g;
      const found = [...(await stack.log("route")).matchAll(named)];
      const [, life = "", position = ""] = found.at(-1) ?? [];
      await stack.operator("failures", "accept-gap", "0", position, life, "--yes");
      await asBefore(stack);
    },
  },
  {
    // The client, too, says and counts that nothing but repeats comes.
    name: "Only frames arrive that count as delivered",
    rings: ["Nothing but repeats"],
    stopsAll: true,
    begin: async (stack) => {
      application = await RepeatingApplication.start(stack);
      stack.isWriting = true;
      await editLane(stack);
    },
    meanwhile: async () => {
      await application?.sendCopies();
      await application?.expectTold();
    },
    end: async (stack) => {
      await application?.stop();
      await stack.operator("offsets", "set", "--now", "--yes");
    },
  },
];

/** Lets the raw queue's first frames go to its dead-letter queue; those behind wait for them. */
async function loseFrames(stack: LiveStack): Promise<void> {
  await comeAgainAtOnce(stack);
  await moveAfter(stack, 1);
  refuseLanes(stack);
  stack.isWriting = true;
  while (waiting(stack, RAW_DEAD) === 0) await delay(50);
  await moveAfter(stack, RAW_MAX_RECEIVES);
  stack.aws.faults.clear();
}

/** Sets the raw queue's redrive policy. */
function moveAfter(stack: LiveStack, maxReceiveCount: number): Promise<void> {
  const { arn: deadLetterTargetArn = "" } = stack.topology.queues.get(RAW_DEAD) ?? {};
  return stack.setRawQueue({
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }),
  });
}

/** Moves the lane's item ahead of the reader, as an edit by hand does. */
async function editLane({ clients, topology }: LiveStack): Promise<void> {
  const lanes = lanesTable(clients.dynamodb, topology.tables.offsets);
  for (;;) {
    const lane = await lanes.read(0);
    const position = parsePosition(lane.delivered ?? "");
    const delivered = formatPosition({ ...position, file: position.file + 1000 });
    try {
      await lanes.write(lane, { ...lane, delivered });
      return;
    } catch (error) {
      // The route function has written meanwhile.
      if (!(error instanceof OwnTroubleError)) throw error;
    }
  }
}
