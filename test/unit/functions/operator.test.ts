import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { CommandError } from "../../../operator/failures/command-error.ts";
import { confirm } from "../../../operator/failures/confirm.ts";
import { distance, progressLine, time } from "../../../operator/failures/render.ts";

/** A terminal at which somebody types this. */
function terminal(typed: string) {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = new PassThrough({ encoding: "utf8" });
  input.write(`${typed}\n`);
  return { input, output };
}

describe("the question before something is given up", () => {
  test.for(["y", "Y", "yes", " yes "])("is answered with %j: go on", async (typed) => {
    const { input, output } = terminal(typed);
    await confirm("Discard?", { input, output });
    expect(output.read()).toBe("Discard? [y/N] ");
  });

  test.for(["", "n", "no", "yesterday"])("is answered with %j: nothing is done", async (typed) => {
    await expect(confirm("Discard?", terminal(typed))).rejects.toThrow(
      new CommandError("nothing was done"),
    );
  });

  test("is not put where nobody sits", async () => {
    const { output } = terminal("y");
    const asked = confirm("Discard?", { input: new PassThrough(), output });
    await expect(asked).rejects.toThrow(/add --yes/);
  });
});

describe("the line that tells how far a command is", () => {
  test("is rewritten in place on a terminal", () => {
    const output = Object.assign(new PassThrough({ encoding: "utf8" }), {
      isTTY: true,
      clearLine: () => output.write("<clear>"),
      cursorTo: () => output.write("<begin>"),
    });
    const progress = progressLine(output as unknown as NodeJS.WriteStream);
    progress("1 of 2 streams");
    progress("2 of 2 streams");
    progress("");
    const steps = ["1 of 2 streams", "2 of 2 streams", ""];
    expect(output.read()).toBe(steps.map((step) => `<clear><begin>${step}`).join(""));
  });

  test("is left out where the output goes into a file", () => {
    const output = new PassThrough();
    progressLine(output as unknown as NodeJS.WriteStream)("1 of 2 streams");
    expect(output.read()).toBeNull();
  });
});

test("times are told as people read them", () => {
  expect(time(0)).toBe("");
  expect(time(1_795_190_000_123)).toBe("2026-11-20T15:53:20Z");
  const now = 1_795_190_000_000;
  expect(distance(now + 90_000, now)).toBe("in 90 s");
  expect(distance(now - 600_000, now)).toBe("10 min ago");
  expect(distance(now - 7_200_000 * 2, now)).toBe("4 h ago");
});
