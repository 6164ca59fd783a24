import { asBefore, comeAgainAtOnce, refuse, type LiveCause } from "./cause.ts";
import type { LiveStack } from "./live-stack.ts";

/** Causes in the functions. */
export const FUNCTION_CAUSES: readonly LiveCause[] = [
  {
    name: "Lambda fails to run the route function (time-out, memory, defect)",
    rings: ["Function errors route", "Raw queue age"],
    stopsAll: true,
    begin: async (stack) => {
      await comeAgainAtOnce(stack);
      stack.isWriting = true;
      await stack.breakRoute(true);
    },
    end: async (stack) => {
      await stack.breakRoute(false);
      await asBefore(stack);
    },
  },
  {
    name: "Lambda refuses to run the route function",
    rings: ["Function throttles route", "Raw queue age"],
    stopsAll: true,
    begin: async (stack) => {
      await comeAgainAtOnce(stack);
      stack.isWriting = true;
      stack.router.limit("route", 0);
    },
    end: async (stack) => {
      stack.router.limit("route", null);
      await asBefore(stack);
    },
  },
  {
    name: "DynamoDB or S3 refuses the route function",
    rings: ["Frames come again", "Raw queue age"],
    stopsAll: true,
    begin: async (stack) => {
      await comeAgainAtOnce(stack);
      stack.isWriting = true;
      refuseLanes(stack);
    },
    end: async (stack) => {
      stack.aws.faults.clear();
      await asBefore(stack);
    },
  },
  {
    name: "The retry function does not answer",
    rings: ["Retry not running"],
    begin: ({ router }) => void process.kill(router.pids()["retry"] ?? 0, "SIGSTOP"),
    end: ({ router }) => void process.kill(router.pids()["retry"] ?? 0, "SIGCONT"),
  },
  {
    name: "The retry function fails",
    rings: ["Function errors retry"],
    begin: (stack) => refuse(stack, "dynamodb", "Query", stack.topology.tables.failures),
    end: ({ aws }) => aws.faults.clear(),
  },
  {
    name: "Lambda refuses to run the retry function",
    rings: ["Function throttles retry", "Retry not running"],
    begin: ({ router }) => router.limit("retry", 0),
    end: ({ router }) => router.limit("retry", null),
  },
];

/** Refuses reads of the offsets table; of the parts that run, only route reads it continually. */
export function refuseLanes(stack: LiveStack): void {
  refuse(stack, "dynamodb", "GetItem", stack.topology.tables.offsets);
}
