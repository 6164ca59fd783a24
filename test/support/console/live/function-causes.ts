import { asBefore, comeAgainAtOnce, type LiveCause } from "./cause.ts";

/** Causes in the functions. */
export const FUNCTION_CAUSES: readonly LiveCause[] = [
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
];
