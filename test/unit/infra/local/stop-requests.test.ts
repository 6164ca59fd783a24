import { expect, test } from "vitest";
import { stopRequest } from "../../../../infra/local/stop-requests.ts";

test.each([
  ["the first signal", null, "stop"],
  ["npm's copy of the same Ctrl-C", 22, "repeat"],
  ["the same copy under load", 900, "repeat"],
  ["a person who does not want to wait", 1_500, "end"],
] as const)("%s", (_, sinceFirstMs, request) => {
  expect(stopRequest(sinceFirstMs)).toBe(request);
});
