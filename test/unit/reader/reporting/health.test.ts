import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

test("the health endpoint does not load Node's fetch and WebSocket", () => {
  const code = `
    import { HealthEndpoint } from "./reader/reporting/health.ts";
    import { ReaderStatus } from "./reader/reporting/status.ts";
    await using endpoint = await HealthEndpoint.listen(0, new ReaderStatus());
    console.log(JSON.stringify([endpoint.port > 0, process.moduleLoadList]));
  `;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", code], {
    encoding: "utf8",
  });
  const [isListening, modules] = JSON.parse(output) as [boolean, string[]];
  expect(isListening).toBe(true);
  expect(modules).toContain("NativeModule http");
  expect(modules.filter((name) => name.includes("undici/"))).toEqual([]);
});
