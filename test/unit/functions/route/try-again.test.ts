import { describe, expect, test } from "vitest";
import { GapError, OwnTroubleError } from "../../../../functions/ground/errors.ts";
import { tryAgain } from "../../../../functions/route/try-again.ts";

const MINUTE_MS = 60_000;
const gap = new GapError({ lane: 0, delivered: "1", previous: "2", first: "3", life: null });
const trouble = new OwnTroubleError("the table is away");

/** Fails with these errors, then succeeds. */
function attempts(...errors: readonly Error[]) {
  const left = [...errors];
  return async () => {
    const error = left.shift();
    if (error !== undefined) throw error;
    return "done";
  };
}

describe("a frame that failed", () => {
  test("is tried again while there is time", async () => {
    const failures: unknown[] = [];
    const options = { remainingMs: () => MINUTE_MS, onFailure: (e: unknown) => failures.push(e) };
    expect(await tryAgain(attempts(trouble, trouble), options)).toBe("done");
    expect(failures).toEqual([trouble, trouble]);
  });

  test("is returned to the queue when no time is left", async () => {
    const options = { remainingMs: () => 10_000, onFailure: () => undefined };
    await expect(tryAgain(attempts(trouble), options)).rejects.toBe(trouble);
  });

  test("is returned to the queue at once when it follows a gap", async () => {
    const options = { remainingMs: () => MINUTE_MS, onFailure: () => undefined };
    await expect(tryAgain(attempts(gap), options)).rejects.toBe(gap);
  });
});
