import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { encodeRouting } from "../../../../config/routing.ts";

const SETTINGS = {
  AWS_REGION: "eu-west-1",
  SOURCE_NAME: "shop",
  RAW_QUEUE_URL: "https://sqs.eu-west-1.amazonaws.com/123456789012/shop-raw.fifo",
  ROUTING: encodeRouting({ environments: {}, subscribers: {} }),
  OFFSETS_TABLE: "offsets",
  FAILURES_TABLE: "failures",
  SESSIONS_TABLE: "sessions",
  PAYLOAD_BUCKET: "payloads",
};

test("the route function's process lets V8's heap grow by 150 % between collections", () => {
  const folder = mkdtempSync(join(tmpdir(), "heap-growth-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // Not a pipe: V8 would not wait until there is room in it.
  const file = join(folder, "flags");
  const output = openSync(file, "w");
  const entry = new URL("../../../../functions/main/route.ts", import.meta.url).href;
  // V8's answer to --help names its flags with their present values, and ends the process.
  const program = `
    await import(${JSON.stringify(entry)});
    (await import("node:v8")).setFlagsFromString("--help");
  `;
  spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    env: { ...process.env, ...SETTINGS },
    stdio: ["ignore", output, "inherit"],
  });
  closeSync(output);
  const [setting] = /--heap-growing-percent=.*/.exec(readFileSync(file, "utf8")) ?? [];
  expect(setting).toBe("--heap-growing-percent=150");
});
