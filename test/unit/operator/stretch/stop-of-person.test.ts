import { expect, test } from "vitest";
import { stopOfPerson } from "../../../../operator/stretch/stop-of-person.ts";

test("the first signal asks the command to end, the second one ends it as if there were no listener", () => {
  const names = ["SIGINT", "SIGTERM"] as const;
  const counts = () => names.map((name) => process.listenerCount(name));
  const before = counts();
  const signal = stopOfPerson();
  expect(counts()).toEqual(before.map((count) => count + 1));
  expect(signal.aborted).toBe(false);
  process.listeners("SIGINT").at(-1)?.("SIGINT");
  expect(signal.aborted).toBe(true);
  expect(counts()).toEqual(before);
});
