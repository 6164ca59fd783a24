import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { CommandError } from "../../../../operator/shared/command-error.ts";
import { confirm } from "../../../../operator/shared/confirm.ts";

/** A terminal whose user has typed this line. */
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

  test.for([
    ["Ctrl-C", "\u0003"],
    ["Ctrl-D", "\u0004"],
  ])("is answered with %s: nothing is done", async ([, key]) => {
    const { input, output } = terminal("");
    input.read();
    const isRaw = { setRawMode: () => undefined };
    const asked = confirm("Discard?", {
      input: Object.assign(input, isRaw),
      output: Object.assign(output, { isTTY: true }),
    });
    input.write(key);
    await expect(asked).rejects.toThrow(new CommandError("nothing was done"));
  });

  test("is not asked without a terminal", async () => {
    const { output } = terminal("y");
    const asked = confirm("Discard?", { input: new PassThrough(), output });
    await expect(asked).rejects.toThrow(/add --yes/);
  });
});
