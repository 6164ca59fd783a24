import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const COMMAND = new URL("../../../../operator/shared/command.ts", import.meta.url);

/** A command that prints its result and then closes a connection, for example. */
const SCRIPT = `
import { Command } from "commander";
import { setTimeout as delay } from "node:timers/promises";
import { action } from ${JSON.stringify(COMMAND.href)};
const act = action(async ({ report }, ms) => {
  report("all of it", () => "all of it");
  await delay(ms);
  return 1;
});
await act.call(new Command(), Number(process.argv[1]));
`;

test.each([0, 50])(
  "a result that a full disk did not take gives exit code 2, also where the command goes on for %i ms",
  async (ms) => {
    const line = 'node --input-type=module -e "$0" "$1" > /dev/full; echo $?';
    const ended = await promisify(execFile)("bash", ["-c", line, SCRIPT, String(ms)]);
    expect(ended).toEqual({
      stdout: "2\n",
      stderr: "ENOSPC: no space left on device, write\n",
    });
  },
);
