import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("V8 knows the setting that limits the heap's growth", () => {
  const module = new URL("../../../../functions/main/heap-growth.ts", import.meta.url).href;
  const program = `(await import(${JSON.stringify(module)})).limitHeapGrowth();`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", program],
    { encoding: "utf8" },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
